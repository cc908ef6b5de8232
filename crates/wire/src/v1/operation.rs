//! What can be asked, and the operation that every system answers.

use super::System;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// One thing that a system can be asked: `POST /v1/{NAME}` with an envelope around the request.
pub trait Operation: 'static {
    /// The name in the address, in [`LINKS`](super::LINKS) and in the logs.
    const NAME: &'static str;
    /// Whether the same request with the same key may be sent again when no answer came: it changes nothing, or the
    /// server remembers the key and repeats its answer.
    const IS_REPEATABLE: bool;
    type Request: Serialize + DeserializeOwned + Send + Sync + 'static;
    type Answer: Serialize + DeserializeOwned + Send + Sync + 'static;
}

/// 疎通確認: whether the other system is there, speaks this version and takes our certificate.
pub struct CheckLink;

impl Operation for CheckLink {
    const NAME: &'static str = "check_link";
    const IS_REPEATABLE: bool = true;
    type Request = LinkCheck;
    type Answer = LinkState;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkCheck {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkState {
    /// Who answered.
    pub system: System,
    /// Of the program that answered.
    pub program_version: String,
}
