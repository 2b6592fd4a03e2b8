//! Why a token proves nothing: what a caller can do about it, and a stable code for each reason. No text of a token is in it (I7).

/// A token was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Not a valid proof of anything: 401.
    #[error("not a valid token ({})", .0.code())]
    Invalid(Flaw),
    /// It was valid once: 401; a page asks for a fresh one.
    #[error("the token has expired")]
    Expired,
    /// Good proof of something else: 403.
    #[error("a token of another kind")]
    OtherKind,
    /// Good proof for another add-on of this process: 403.
    #[error("a token of another add-on")]
    OtherAddon,
    /// No key to judge it by is to be had at the moment: 503, try again.
    #[error("the platform's keys are not available")]
    KeysUnavailable,
}

impl Refusal {
    /// The code of the API's error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid(flaw) => flaw.code(),
            Self::Expired => "token_expired",
            Self::OtherKind => "token_of_other_kind",
            Self::OtherAddon => "token_of_other_addon",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }

    /// Whether it is proof, only not of what was asked: 403 and not 401.
    pub const fn is_proof_of_something_else(self) -> bool {
        matches!(self, Self::OtherKind | Self::OtherAddon)
    }
}

/// What is wrong with an invalid token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// Longer than any real one.
    TooLong,
    /// Not three parts of unpadded base64url.
    Malformed,
    /// The header is no JSON object, or has a member that changes how the rest is to be read.
    Header,
    /// Any algorithm but RS256.
    Algorithm,
    /// The claims are no JSON object, repeat a name, or hold a value of the wrong type or form.
    Claims,
    /// `iss` or `type`.
    Issuer,
    /// `sub` is the key of no add-on here.
    Subject,
    /// No key of the set has its name.
    UnknownKey,
    /// Not signed by the platform.
    Signature,
    /// `nbf` or `iat` lies ahead.
    NotYetValid,
}

impl Flaw {
    /// The code of the API's error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Malformed => "token_malformed",
            Self::Header => "token_header_invalid",
            Self::Algorithm => "token_algorithm_not_allowed",
            Self::Claims => "token_claims_invalid",
            Self::Issuer => "token_issuer_invalid",
            Self::Subject => "token_subject_unknown",
            Self::UnknownKey => "token_key_unknown",
            Self::Signature => "token_signature_invalid",
            Self::NotYetValid => "token_not_yet_valid",
        }
    }
}
