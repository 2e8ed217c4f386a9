//! The container of an image that `builder-image` makes, as this program sees it from inside.

use std::env;
use std::fs;
use std::path::Path;

use policy_cargo::CargoError;

/// Set in the image, to its name.
pub(crate) const IMAGE: &str = "POLICY_BUILDER_IMAGE";
/// The remedy where the container's user may not write.
pub(crate) const DENIED_HELP: &str = "make the folder before Docker makes it as root, and add \
    `--user \"$(id -u):$(id -g)\"` to `docker run`";
/// The kernel's list of mounts for this process.
const MOUNTS: &str = "/proc/self/mountinfo";

/// The image that this program runs in, if it does.
pub(crate) fn image() -> Option<String> {
    env::var(IMAGE).ok()
}

/// Adds to an error of resolving that the image lacks packages that it was not made with.
pub(crate) fn explain(error: CargoError) -> CargoError {
    match error {
        CargoError::Resolve(words) if image().is_some() => CargoError::Resolve(format!(
            "{words}\nhelp: this image only builds what it was made with: make it again with \
             `policy-builder builder-image --policies` and this folder"
        )),
        error => error,
    }
}

/// The command that builds a folder of policies together with the workspace around it, from one of
/// its crates' manifests; `None` outside of a container.
pub(crate) fn mounting_the_workspace(manifest: &Path) -> Option<String> {
    let image = image()?;
    let policies = manifest.parent()?.parent()?;
    let mounts = fs::read_to_string(MOUNTS).unwrap_or_default();
    Some(mounting(&image, folder_mounted_at(policies, &mounts).unwrap_or("policies")))
}

fn mounting(image: &str, policies: &str) -> String {
    format!(
        "docker run --rm --network none --user \"$(id -u):$(id -g)\" -v \"$PWD:/src\" \
         -v \"$PWD/out:/out\" {image} image --policies /src/{policies} \
         --output /out/policy-engine.tar"
    )
}

/// The name that a folder has on the machine, from the kernel's list of mounts: the fourth field is
/// the folder there, and the fifth the one here.
fn folder_mounted_at<'a>(place: &Path, mounts: &'a str) -> Option<&'a str> {
    let folder = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let folder = fields.next()?;
        (Path::new(fields.next()?) == place).then_some(folder)
    });
    let name = Path::new(folder?).file_name()?.to_str()?;
    // Others are escaped there, and would have to be quoted.
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    name.chars().all(is_plain).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounted_folder_is_named_as_on_the_host() {
        let mounts = "22 1 0:20 / / rw - overlay overlay rw\n\
                      23 22 8:1 /home/me/w/my-policies /policies rw - ext4 /dev/sda rw\n\
                      24 22 8:1 /home/me/w/our\\040rules /rules rw - ext4 /dev/sda rw\n";
        let called = |place: &str| folder_mounted_at(Path::new(place), mounts);
        assert_eq!(called("/policies"), Some("my-policies"));
        assert_eq!(called("/"), None);
        assert_eq!(called("/rules"), None);
        assert_eq!(called("/elsewhere"), None);
    }
}
