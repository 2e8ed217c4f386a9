//! The least that an HTTP server in Rust can do: hyper answers every request with a constant.
//! `bare-server ADDRESS`.

use std::convert::Infallible;
use std::env;
use std::error::Error;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A response of the length of the decision that it replaces.
const ANSWER: &str = r#"{"result":{"allowed":true,"reason":"the role `viewer` allows it"}}"#;

/// The body is read to its end, as every server has to that keeps connections.
async fn constant(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    request.into_body().collect().await?;
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn serve(address: &str) -> Result<Infallible, Box<dyn Error>> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(
            http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(constant)),
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).ok_or("expected an address, such as `127.0.0.1:8181`")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
    match runtime.block_on(serve(&address))? {}
}
