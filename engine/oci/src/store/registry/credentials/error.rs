use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// The largest file of credentials, in bytes.
pub(super) const MAX_FILE: u64 = 4 << 20;

/// A failure to get credentials. It never holds them.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::registry) enum CredentialsError {
    #[error(
        "failed to read the credentials: {0}\nhelp: mend the file, or log in again with \
             `docker login`"
    )]
    Read(io::Error),
    #[error(
        "failed to read the credentials in `{}`: it has more than {} bytes\nhelp: check the file",
        path.display(),
        MAX_FILE
    )]
    Large { path: PathBuf },
    #[error(
        "failed to read the credentials in `{}`: line {line}, column {column}: not the JSON that \
         `docker login` writes\nhelp: mend the file, or log in again", path.display()
    )]
    Json { path: PathBuf, line: usize, column: usize },
    #[error(
        "failed to read the credentials for `{server}` in `{}`: `auth` is not a name and a \
         password in base64, with `:` between\nhelp: log in again with `docker login {server}`",
        path.display()
    )]
    Encoding { path: PathBuf, server: String },
    #[error(
        "failed to start the credential helper `{helper}`, which `{}` names: {reason}\nhelp: \
         install it, or remove it from the file", path.display()
    )]
    HelperStart { helper: String, path: PathBuf, reason: io::Error },
    #[error(
        "the credential helper `{helper}`, which `{}` names, ended with {status} for \
         `{server}`{said}\nhelp: try `echo {server} | {helper} get`", path.display()
    )]
    HelperFailed { helper: String, path: PathBuf, status: ExitStatus, server: String, said: String },
    #[error(
        "the credential helper `{helper}`, which `{}` names, has not answered within \
         {within:?}\nhelp: try `echo {server} | {helper} get`", path.display()
    )]
    HelperHangs { helper: String, path: PathBuf, server: String, within: Duration },
    #[error(
        "the credential helper `{helper}`, which `{}` names, does not answer with JSON that has \
         `Username` and `Secret`\nhelp: try `echo {server} | {helper} get`",
        path.display()
    )]
    HelperAnswer { helper: String, path: PathBuf, server: String },
}
