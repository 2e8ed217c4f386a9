# What the folder of the crates of crates.io is called: by crane, and by Cargo itself.
{
  vendored = builtins.hashString "sha256" "registry+https://github.com/rust-lang/crates.io-index";
  cargos = "index.crates.io-1949cf8c6b5b557f";
}
