use hyper::StatusCode;

use crate::server::http::response::{self, Reply};

/// `GET /openapi.json`: all of this, in `OpenAPI` 3.1.
pub(crate) fn openapi() -> Reply {
    response::json(StatusCode::OK, OPENAPI)
}

const OPENAPI: &str = include_str!("../../../../openapi.json");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::http::route::Route;
    use hyper::Method;
    use serde_json::Value;

    #[test]
    fn every_path_is_a_route_of_this_version() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters")
            {
                let method: Method = method.to_uppercase().parse().unwrap();
                let path = path.replace("{policy}", "pods").replace("{version}", "1");
                assert!(Route::of(&method, &path).is_ok(), "{method} {path}");
            }
        }
    }
}
