{ lib }:
let
  # A lock stands here as its text: what evaluation writes to the store cannot be read where nothing is
  # built.
  locks = import ../discover/locks.nix {
    lib = lib // {
      importTOML = builtins.fromTOML;
    };
  };

  registry = "registry+https://github.com/rust-lang/crates.io-index";
  package = name: version: ''
    [[package]]
    name = "${name}"
    version = "${version}"
  '';
  fetched = name: version: ''
    ${package name version}source = "${registry}"
    checksum = "c0ffee"
  '';
  lock = packages: "version = 4\n" + lib.concatStrings packages;

  engineLock = lock [
    (package "policy-engine" "0.1.0")
    (fetched "serde" "1.0.200")
  ];

  # One crate that depends on something, with some locks.
  discovered = dependency: locks: {
    inherit locks;
    show = _: "Cargo.lock";
    crates = [
      {
        manifest = "a/Cargo.toml";
        path = /a;
        workspace = null;
        dependencies = [
          (
            {
              package = "hex";
              path = null;
              linked = true;
            }
            // dependency
          )
        ];
      }
    ];
  };
  parsed =
    dependency: theirs:
    locks {
      inherit engineLock;
      crates = [
        "policy-api"
        "policy-engine"
      ];
      discovered = discovered dependency theirs;
    };
  named = map (lock: map (package: "${package.name} ${package.version}") lock.package);
  succeeds = dependency: theirs: (builtins.tryEval (lib.seq (parsed dependency theirs) true)).success;
in
{
  "locks: the engine's comes first, and the engine's crates come from nowhere else" = {
    expr = named (
      parsed { } [
        (lock [
          (package "a" "1.0.0")
          (fetched "hex" "0.4.3")
          (fetched "policy-api" "0.1.0")
          (fetched "serde" "1.0.100")
        ])
      ]
    );
    expected = [
      [
        "policy-engine 0.1.0"
        "serde 1.0.200"
      ]
      [
        "hex 0.4.3"
        "serde 1.0.100"
      ]
    ];
  };

  "locks: policies that lie beside the engine have its lock, once" = {
    expr = lib.length (parsed { package = "serde"; } [ engineLock ]);
    expected = 1;
  };

  "locks: sources and checksums are kept" = {
    expr = (lib.last (parsed { } [ (lock [ (fetched "hex" "0.4.3") ]) ])).package;
    expected = [
      {
        name = "hex";
        version = "0.4.3";
        source = registry;
        checksum = "c0ffee";
      }
    ];
  };

  "locks: what is fetched has to be pinned" = {
    expr = {
      byNobody = succeeds { } [ ];
      byAFolder = succeeds { } [ (lock [ (package "hex" "0.4.3") ]) ];
      byItsOwn = succeeds { } [ (lock [ (fetched "hex" "0.4.3") ]) ];
      byTheEngine = succeeds { package = "serde"; } [ ];
    };
    expected = {
      byNobody = false;
      byAFolder = false;
      byItsOwn = true;
      byTheEngine = true;
    };
  };

  "locks: what is at hand needs no pin" = {
    expr = {
      engines = succeeds { package = "policy-api"; } [ ];
      neighbour = succeeds { path.folder = /b; } [ ];
    };
    expected = {
      engines = true;
      neighbour = true;
    };
  };

  "locks: one without checksums is refused, an empty one is not" = {
    expr = map (text: succeeds { package = "serde"; } [ text ]) [
      (fetched "hex" "0.4.3")
      (package "hex" "0.4.3")
      ""
    ];
    expected = [
      false
      true
      true
    ];
  };
}
