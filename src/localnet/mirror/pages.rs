//! What the mirror says to a request: content with the headers of the real host, or why there is none.
//!
//! May import its siblings. Invariant: what only the localnet would say bears the word `simulated`.

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use axum::http::{Method, Response, StatusCode};

use super::faulty_body::{Slow, Truncated};
use super::{Served, Store};
use crate::localnet::market::faults::OddAnswer;

/// The host of the IPFS path gateway.
const GATEWAY: &str = "ipfs.io";

/// The identifier of the empty block, which gateways are probed with (IPFS trustless gateway, “Dedicated Probe Paths”).
const PROBE: &str = "bafkqaaa";

const X_IPFS_PATH: HeaderName = HeaderName::from_static("x-ipfs-path");
const X_IPFS_ROOTS: HeaderName = HeaderName::from_static("x-ipfs-roots");

/// Answers one request to `host` for `path` (with its query).
pub fn answer(store: &Store, host: &str, method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        let mut response =
            text(StatusCode::METHOD_NOT_ALLOWED, "the localnet's mirror only gives (simulated)\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let odd = store.odd.answer(host, path);
    if let Some(answer) = odd.and_then(odd_answer) {
        return answer;
    }
    let Some(served) = find(store, host, path) else { return missing(store, host, path) };
    if let Some(OddAnswer::Truncated(length)) = odd {
        return impeded(served, |body| Body::new(Truncated::new(body, *length)));
    }
    if let Some(OddAnswer::Slow(bytes_per_second)) = odd {
        return impeded(served, |body| Body::new(Slow::new(body, *bytes_per_second)));
    }
    let mut response = content(served);
    if let Some(cid) = block_of(host, path) {
        describe_block(&mut response, path, cid);
    }
    let unchanged = response.headers().get(ETAG).is_some_and(|etag| headers.get(IF_NONE_MATCH) == Some(etag));
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
    }
    response
}

/// The content with all its headers in a body that gives it otherwise.
fn impeded(served: Served, body: impl FnOnce(Bytes) -> Body) -> Response<Body> {
    let bytes = Bytes::from(served.body.clone());
    let mut response = content(served);
    *response.body_mut() = body(bytes);
    response
}

/// What a fault answers in place of the content; none where it is the content all the same.
fn odd_answer(answer: &OddAnswer) -> Option<Response<Body>> {
    Some(match answer {
        OddAnswer::Status { code, retry_after } => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = text(status, "a fault of the localnet (simulated)\n");
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
            }
            response
        }
        OddAnswer::Page => content(Served {
            body: b"<!DOCTYPE html>\n<html><body>Sign in to see this file (simulated).</body></html>\n"
                .to_vec(),
            content_type: "text/html; charset=utf-8".to_owned(),
        }),
        OddAnswer::Redirect(target) => {
            let mut response = text(StatusCode::FOUND, "elsewhere (simulated)\n");
            if let Ok(target) = HeaderValue::from_str(target) {
                response.headers_mut().insert(LOCATION, target);
            }
            response
        }
        OddAnswer::Truncated(_) | OddAnswer::Slow(_) => return None,
    })
}

fn find(store: &Store, host: &str, path: &str) -> Option<Served> {
    let found = (store.lookup)(host, path);
    if found.is_none() && block_of(host, path) == Some(PROBE) {
        return Some(Served { body: Vec::new(), content_type: "application/octet-stream".to_owned() });
    }
    found
}

/// The identifier in a path of the gateway.
fn block_of<'a>(host: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix("/ipfs/").filter(|_| host == GATEWAY)?;
    rest.split(['/', '?']).next().filter(|cid| !cid.is_empty())
}

fn content(served: Served) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(served.body.len()));
    let kind = HeaderValue::from_str(&served.content_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    *response.body_mut() = Body::from(served.body);
    response
}

/// A block never changes, so a gateway lets it be kept for ever.
fn describe_block(response: &mut Response<Body>, path: &str, cid: &str) {
    let path = path.split('?').next().unwrap_or(path);
    let headers = response.headers_mut();
    for (name, value) in [
        (ETAG, format!("\"{cid}\"")),
        (X_IPFS_PATH, path.to_owned()),
        (X_IPFS_ROOTS, cid.to_owned()),
        (CACHE_CONTROL, "public, max-age=29030400, immutable".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// Not found, in both cases: a client that retries server errors would only lose time.
fn missing(store: &Store, host: &str, path: &str) -> Response<Body> {
    let why = if !store.hosts.iter().any(|known| known == host) {
        format!("the localnet's mirror does not carry {host}")
    } else if let Some(cid) = block_of(host, path) {
        format!("failed to resolve {path}: no link or block {cid} in the localnet's mirror")
    } else {
        format!("the localnet's mirror does not carry https://{host}{path}")
    };
    text(StatusCode::NOT_FOUND, &format!("{why} (simulated); `--content live` passes the request through\n"))
}

fn text(status: StatusCode, body: &str) -> Response<Body> {
    let mut response = content(Served {
        body: body.as_bytes().to_vec(),
        content_type: "text/plain; charset=utf-8".to_owned(),
    });
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::localnet::market::faults::{Chance, OddUrl, OddUrls, Share};

    fn ask(method: Method, host: &str, path: &str, etag: Option<&str>) -> Response<Body> {
        let store = Store {
            hosts: vec!["ipfs.io".into(), "dl.dropboxusercontent.com".into()],
            lookup: Arc::new(|host, path| {
                let known = matches!(
                    (host, path),
                    ("ipfs.io", "/ipfs/bafkrei") | ("dl.dropboxusercontent.com", "/scl/x?rlkey=1")
                );
                known.then(|| Served { body: b"R".to_vec(), content_type: "text/plain".into() })
            }),
            odd: OddUrls::new(Chance::new(0), faults()),
        };
        let mut headers = HeaderMap::new();
        if let Some(etag) = etag {
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(etag).unwrap());
        }
        answer(&store, host, &method, path, &headers)
    }

    fn faults() -> Vec<OddUrl> {
        vec![
            odd("/limited", OddAnswer::Status { code: 429, retry_after: Some(3) }),
            odd("/page", OddAnswer::Page),
            odd("/moved", OddAnswer::Redirect("https://example.com/".into())),
        ]
    }

    fn odd(path: &str, answer: OddAnswer) -> OddUrl {
        let (host, path) = ("ipfs.io".into(), path.into());
        OddUrl { host, path, answer, times: None, share: Share::default() }
    }

    async fn body_of(impeding: OddAnswer) -> (Response<()>, Result<Vec<u8>, axum::Error>) {
        let store = Store {
            hosts: Vec::new(),
            lookup: Arc::new(|_, _| {
                Some(Served { body: b"rocks".to_vec(), content_type: "text/plain".into() })
            }),
            odd: OddUrls::new(Chance::new(0), vec![odd("/x", impeding)]),
        };
        let (head, body) = answer(&store, "ipfs.io", &Method::GET, "/x", &HeaderMap::new()).into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        (Response::from_parts(head, ()), body.map(|bytes| bytes.to_vec()))
    }

    #[tokio::test]
    async fn a_truncated_body_promises_more_than_it_holds() {
        let (head, body) = body_of(OddAnswer::Truncated(2)).await;
        assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "5"));
        assert!(body.is_err());
    }

    #[tokio::test]
    async fn a_slow_body_is_whole_in_the_end() {
        let begun = std::time::Instant::now();
        let (_, body) = body_of(OddAnswer::Slow(20)).await;
        assert_eq!(body.unwrap(), b"rocks");
        assert!(begun.elapsed().as_millis() >= 300, "two bytes every tenth of a second");
    }

    #[test]
    fn a_fault_answers_in_place_of_the_content() {
        let limited = ask(Method::GET, "ipfs.io", "/limited", None);
        assert_eq!(
            (limited.status().as_u16(), &limited.headers()["retry-after"]),
            (429, &"3".parse().unwrap())
        );
        let page = ask(Method::GET, "ipfs.io", "/page", None);
        assert_eq!(
            (page.status().as_u16(), &page.headers()["content-type"]),
            (200, &"text/html; charset=utf-8".parse().unwrap())
        );
        let moved = ask(Method::GET, "ipfs.io", "/moved", None);
        assert_eq!(
            (moved.status().as_u16(), &moved.headers()["location"]),
            (302, &"https://example.com/".parse().unwrap())
        );
    }

    #[test]
    fn a_block_comes_with_the_gateways_headers() {
        let response = ask(Method::GET, "ipfs.io", "/ipfs/bafkrei", None);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["etag"], "\"bafkrei\"");
        assert_eq!(response.headers()["x-ipfs-path"], "/ipfs/bafkrei");
        assert_eq!(response.headers()["content-length"], "1");
        assert_eq!(ask(Method::GET, "ipfs.io", "/ipfs/bafkrei", Some("\"bafkrei\"")).status(), 304);
    }

    #[test]
    fn the_probe_is_an_empty_block() {
        let response = ask(Method::HEAD, "ipfs.io", "/ipfs/bafkqaaa", None);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-length"]),
            (200, &"0".parse().unwrap())
        );
    }

    #[test]
    fn the_query_belongs_to_the_item() {
        assert_eq!(ask(Method::GET, "dl.dropboxusercontent.com", "/scl/x?rlkey=1", None).status(), 200);
        assert_eq!(ask(Method::GET, "dl.dropboxusercontent.com", "/scl/x", None).status(), 404);
    }

    #[test]
    fn what_is_not_carried_is_not_found_and_only_reading_is_allowed() {
        assert_eq!(ask(Method::GET, "ipfs.io", "/ipfs/other", None).status(), 404);
        assert_eq!(ask(Method::GET, "pypi.dev.golem.network", "/simple/", None).status(), 404);
        assert_eq!(ask(Method::POST, "ipfs.io", "/ipfs/bafkrei", None).status(), 405);
    }
}
