use std::io;
use std::path::Path;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

/// A connection to a server on a Unix socket, for one thread.
pub(super) struct Connection<'a> {
    socket: &'a Path,
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
}

impl<'a> Connection<'a> {
    pub(super) fn open(socket: &'a Path) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let sender = connect(&runtime, socket)?;
        Ok(Self { socket, runtime, sender })
    }

    /// Sends a request, and gives the whole answer.
    ///
    /// Servers close what is idle, such as while a log is slow to come, and that may be seen only
    /// once something is sent. No question changes anything: it is put again, on a new connection.
    pub(super) fn send(
        &mut self,
        method: Method,
        path: &str,
        request_id: &str,
        body: Vec<u8>,
    ) -> io::Result<(StatusCode, Bytes)> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse::<Uri>().map_err(io::Error::other)?;
        request.headers_mut().insert(HOST, HeaderValue::from_static("replay"));
        if !request_id.is_empty()
            && let Ok(id) = HeaderValue::from_str(request_id)
        {
            request.headers_mut().insert("x-request-id", id);
        }
        match self.try_send(request.clone()) {
            Ok(answer) => Ok(answer),
            Err(closed) => {
                // The first error says more than that a server that has ended does not listen.
                self.sender =
                    connect(&self.runtime, self.socket).map_err(|_| io::Error::other(closed))?;
                self.try_send(request).map_err(io::Error::other)
            }
        }
    }

    fn try_send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<(StatusCode, Bytes)> {
        let sender = &mut self.sender;
        self.runtime.block_on(async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let status = response.status();
            Ok((status, response.into_body().collect().await?.to_bytes()))
        })
    }
}

fn connect(runtime: &Runtime, socket: &Path) -> io::Result<SendRequest<Full<Bytes>>> {
    runtime.block_on(async {
        let stream = TokioIo::new(UnixStream::connect(socket).await?);
        let (sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    })
}
