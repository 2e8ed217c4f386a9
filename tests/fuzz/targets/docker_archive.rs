#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| policy_oci::fuzzing::docker_archive(data));
