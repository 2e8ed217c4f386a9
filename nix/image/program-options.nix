# The options by which policy-builder takes a program that Nix compiled.
{ lib }:
{
  program,
  registration,
  # A program that starts on the machine that builds, where this one does not.
  reporter,
  ...
}:
[
  "--program"
  (lib.getExe program)
  "--workspace"
  registration
]
++ lib.optionals (reporter != null) [
  "--reported-by"
  (lib.getExe reporter)
]
