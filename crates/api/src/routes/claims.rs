//! Claims in bulk.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::claims::{self, Decoded, LINES_MAX, REQUEST_BYTES_MAX, Refusal};
use crate::endpoint::{Doc, Endpoint, Method, NDJSON};
use crate::error::{Code, Error};
use crate::request;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use twin_node::{Mode, Receipt};

/// Bodies larger than this are decoded where blocking is allowed: at two hundred bytes
/// a microsecond this one takes a third of a millisecond.
const INLINE_BYTES_MAX: usize = 64 << 10;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(
        Method::Post,
        "/v1/claims",
        Doc::new(
            "Claims in bulk, one a line; each is recorded or refused by itself",
            "Receipt",
        )
        .body(NDJSON, "Claim"),
        post,
    )]
}

async fn post(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let body = request::body(body, REQUEST_BYTES_MAX).await?;
    let Decoded {
        drafts,
        lines,
        refused,
    } = decode(body).await?;
    let receipt = app
        .node
        .submit(&asking.caller, drafts, Mode::EachAlone)
        .await?;
    let refused = in_order(refused, &lines, &receipt);
    let accepted = receipt.claims.len() as u64;
    Ok(answer::about(
        receipt.commit,
        64 + 160 * refused.len(),
        |json| {
            json.field("accepted").integer(accepted);
            json.field("refused").list(&refused, |json, refusal| {
                json.object(|json| {
                    json.field("line").integer(u64::from(refusal.line));
                    json.field("code").text(refusal.code.as_str());
                    json.field("message").text(&refusal.message);
                    if let Some(field) = refusal.field {
                        json.field("field").text(field);
                    }
                });
            });
        },
    ))
}

async fn decode(body: Bytes) -> Result<Decoded, Error> {
    if claims::count_lines(&body) > LINES_MAX {
        let message = format!("the request has more than {LINES_MAX} lines");
        return Err(Error::new(Code::TooLarge, message));
    }
    if body.len() <= INLINE_BYTES_MAX {
        return Ok(claims::decode_sorted(&body));
    }
    let decoding = tokio::task::spawn_blocking(move || claims::decode_sorted(&body));
    decoding.await.map_err(|_| Error::internal())
}

/// What the decoder and what the node refused, by line.
fn in_order(decoder: Vec<Refusal>, lines: &[u32], receipt: &Receipt) -> Vec<Refusal> {
    let mut all = decoder;
    all.extend(receipt.refused.iter().map(|refusal| Refusal {
        line: lines.get(refusal.index).copied().unwrap_or_default(),
        code: refusal.code,
        message: refusal.message.clone(),
        field: refusal.field,
    }));
    all.sort_by_key(|refusal| refusal.line);
    all
}
