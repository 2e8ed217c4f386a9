# Programs, as packages that link to the Debian's own. One that the Debian lacks evaluates all the
# same, and stops its build with a word on what is missing.
{ lib, runCommand }:
let
  program =
    pname: programs:
    runCommand "${pname}-debian"
      {
        inherit pname programs;
        version = "debian";
        meta.mainProgram = lib.head programs;
      }
      ''
        mkdir -p $out/bin
        for program in $programs; do
          if [ ! -x /usr/bin/$program ]; then
            echo "stand-in for nixpkgs: this Debian has no /usr/bin/$program, which $pname asks for" >&2
            exit 1
          fi
          ln -s /usr/bin/$program $out/bin/$program
        done
      '';

  oneOfItsName = lib.genAttrs [
    "cargo"
    "git"
    "jq"
    "mdbook"
    "nixfmt"
    "pigz"
    "rsync"
    "rustfmt"
    "skopeo"
    "zstd"
  ] (name: program name [ name ]);
in
oneOfItsName
// {
  bash = program "bash" [ "bash" ];
  bashInteractive = program "bash" [ "bash" ];
  clippy = program "clippy" [
    "cargo-clippy"
    "clippy-driver"
  ];
  coreutils = program "coreutils" [
    "cat"
    "cp"
    "ls"
    "mkdir"
    "sha256sum"
    "sort"
  ];
  diffutils = program "diffutils" [
    "diff"
    "cmp"
  ];
  file = program "file" [ "file" ];
  findutils = program "findutils" [
    "find"
    "xargs"
  ];
  gnugrep = program "gnugrep" [ "grep" ];
  gnused = program "gnused" [ "sed" ];
  gnutar = program "gnutar" [ "tar" ];
  gzip = program "gzip" [
    "gzip"
    "gunzip"
  ];
  nixfmt-rfc-style = program "nixfmt-rfc-style" [ "nixfmt" ];
  nixfmt-tree = program "nixfmt-tree" [ "treefmt" ];
  python3 = program "python3" [ "python3" ];
  rustc = program "rustc" [
    "rustc"
    "rustdoc"
  ];

  # A copy, not a link: images carry it.
  cacert = runCommand "nss-cacert-debian" { } ''
    mkdir -p $out/etc/ssl/certs
    cp /etc/ssl/certs/ca-certificates.crt $out/etc/ssl/certs/ca-bundle.crt
  '';
}
