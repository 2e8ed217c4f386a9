# The vendored dependencies of one Cargo.lock.
{ vendorMultipleCargoDeps }:
args:
let
  src = args.src.origSrc or args.src;
in
vendorMultipleCargoDeps (
  if args ? cargoLockParsed then
    { cargoLockParsedList = [ args.cargoLockParsed ]; }
  else if args ? cargoLockContents then
    { cargoLockContentsList = [ args.cargoLockContents ]; }
  else
    { cargoLockList = [ (args.cargoLock or (src + "/Cargo.lock")) ]; }
)
