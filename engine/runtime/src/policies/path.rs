/// The part of a URL's path that names a policy: its id, perhaps a version, and a field of its
/// output. It is decoded, and has no empty segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyPath(String);

impl PolicyPath {
    pub(crate) fn new(path: &str) -> Self {
        let mut joined = String::with_capacity(path.len());
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            if !joined.is_empty() {
                joined.push('/');
            }
            joined.push_str(segment);
        }
        Self(joined)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_segments_are_dropped() {
        assert_eq!(PolicyPath::new("//a//b/").as_str(), "a/b");
    }
}
