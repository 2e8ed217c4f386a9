/// A file that pages refer to.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its path on the server.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The stylesheet and the script.
pub const ASSETS: [Asset; 2] = [
    Asset {
        path: "/assets/console.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("console.css"),
    },
    Asset {
        path: "/assets/console.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("console.js"),
    },
];
