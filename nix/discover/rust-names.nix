# What Rust can call a crate.
{ lib }:
let
  # What Rust means something else by at the beginning of a path: the keywords of all editions, and
  # the crates of the standard library.
  rusts = lib.splitString " " (
    "Self _ abstract alloc as async await become box break const continue core crate do dyn else "
    + "enum extern false final fn for gen if impl in let loop macro match mod move mut override "
    + "priv proc_macro pub ref return self static std struct super trait true try type typeof "
    + "unsafe unsized use virtual where while yield"
  );
in
{
  # Whether Rust can name a crate by this at the beginning of a path.
  isCrateName = name: builtins.match "[A-Za-z_][A-Za-z0-9_]*" name != null && !lib.elem name rusts;
}
