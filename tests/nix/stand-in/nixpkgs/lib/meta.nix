# What a package says of itself.
rec {
  getExe =
    package:
    getExe' package (
      package.meta.mainProgram or package.pname or (builtins.parseDrvName package.name).name
    );
  getExe' = package: program: "${package}/bin/${program}";

  addMetaAttrs = attrs: package: package // { meta = package.meta or { } // attrs; };
  setName = name: package: package // { inherit name; };
  hiPrio = package: package;

  licenses =
    builtins.mapAttrs
      (shortName: spdxId: {
        inherit shortName spdxId;
        free = true;
      })
      {
        asl20 = "Apache-2.0";
        bsd3 = "BSD-3-Clause";
        isc = "ISC";
        mit = "MIT";
        mpl20 = "MPL-2.0";
      };
}
