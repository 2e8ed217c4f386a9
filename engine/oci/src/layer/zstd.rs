//! Zstandard with nothing in it that depends on the machine.

use structured_zstd::encoding::{CompressionLevel, compress_slice_to_vec};

use super::pieces;

/// Measured on programs: 22 % less than gzip, where level 12 gives 13 % less in a sixth of the time.
/// An image is pulled more often than it is packed.
const LEVEL: CompressionLevel = CompressionLevel::from_level(19);
/// The bytes of one frame. They are fixed, as they determine the result. Of 10 MB, one frame would be
/// 0.5 % smaller, and frames of half the size 2.4 % larger.
const FRAME: usize = 8 << 20;

/// Compresses what is in memory to frames that say their size, as many at the same time as there are
/// processors. The result does not depend on that number, and readers take frames behind one another
/// for one stream (RFC 8878).
pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    compress_by(bytes, FRAME, pieces::processors())
}

fn compress_by(bytes: &[u8], frame: usize, processors: usize) -> Vec<u8> {
    let frames: Vec<&[u8]> = bytes.chunks(frame).collect();
    pieces::map(&frames, processors, |frame| compress_slice_to_vec(frame, LEVEL)).concat()
}

#[cfg(test)]
mod tests {
    use structured_zstd::decoding::FrameDecoder;

    use super::*;

    /// Instead of what takes a debug build half a minute.
    const FRAME: usize = 100_000;

    /// Some text that is compressed to a third.
    fn text(length: usize) -> Vec<u8> {
        let lines = (0u32..).map(|line| line.wrapping_mul(2_654_435_761) % 1_000_000);
        let mut text: Vec<u8> = lines
            .take(length / 8 + 1)
            .flat_map(|line| format!("{line:07}\n").into_bytes())
            .collect();
        text.truncate(length);
        text
    }

    #[test]
    fn frames_unpack_to_what_was_compressed() {
        for length in [1, FRAME, FRAME + 1] {
            let text = text(length);
            let mut unpacked = vec![0; length];
            let read = FrameDecoder::new()
                .decode_all(&compress_by(&text, FRAME, 2), &mut unpacked)
                .unwrap();
            assert_eq!(read, length);
            assert!(unpacked == text, "{length} bytes");
        }
    }

    #[test]
    fn result_does_not_depend_on_the_number_of_processors() {
        let text = text(2 * FRAME + 1000);
        assert!(compress_by(&text, FRAME, 1) == compress_by(&text, FRAME, 64));
    }

    /// Digests of images depend on these bytes: after an upgrade of the library, as after one of the
    /// compiler, images differ from what `verify` is asked to compare.
    #[test]
    fn compressed_bytes_are_those_of_every_machine() {
        let digest = crate::digest::sha256(&compress(&text(100_000))).unwrap();
        assert_eq!(
            digest.to_string(),
            "sha256:38624b7f9320837aceb4f930e5221abf8dcdea29de3981347c242015b0db1467"
        );
    }
}
