//! What kind of failure a message of a provider means, where nothing but its text says so.

use super::reader::UnreadableClass::{self, Denied, Refused, Throttled, TimedOut, Transient};

/// Texts, in lower case, that mean a kind of failure: the first that a message holds decides. They are error codes of clouds and
/// phrases of the libraries that providers are made of.
const TEXTS: &[(UnreadableClass, &[&str])] = &[
    (
        Throttled,
        &[
            "throttl",
            "rate exceeded",
            "ratelimitexceeded",
            "rate limit",
            "requestlimitexceeded",
            "toomanyrequests",
            "too many requests",
            "slowdown",
            "throughputexceeded",
            "priorrequestnotcomplete",
            "bandwidthlimitexceeded",
            "resource_exhausted",
            "resourceexhausted",
            "error 429",
            "statuscode: 429",
            "statuscode=429",
            "status code: 429",
            "status 429",
        ],
    ),
    (
        Denied,
        &[
            "accessdenied",
            "access denied",
            "unauthorizedoperation",
            "not authorized to perform",
            "unauthorizedaccess",
            "authorizationerror",
            "authorizationfailed",
            "authfailure",
            "authorization_required",
            "permission denied",
            "permission_denied",
            "permissiondenied",
            "insufficient privileges",
            "insufficient permission",
            "does not have permission",
            "invalidclienttokenid",
            "unrecognizedclientexception",
            "expiredtoken",
            "signaturedoesnotmatch",
            "is forbidden",
            "forbidden:",
            "error 401",
            "error 403",
            "statuscode: 401",
            "statuscode: 403",
            "statuscode=401",
            "statuscode=403",
            "status code: 401",
            "status code: 403",
            "status 401",
            "status 403",
        ],
    ),
    (
        TimedOut,
        &[
            "deadline exceeded",
            "deadline_exceeded",
            "timeout while waiting",
            "requesttimeout",
            "request timeout",
            "timed out",
        ],
    ),
    (
        Transient,
        &[
            "connection refused",
            "connection reset",
            "connection closed",
            "broken pipe",
            "no such host",
            "i/o timeout",
            "tls handshake timeout",
            "unexpected eof",
            ": eof",
            "internalerror",
            "internal server error",
            "internalfailure",
            "serviceunavailable",
            "service unavailable",
            "bad gateway",
            "gateway timeout",
            "error 500",
            "error 502",
            "error 503",
            "error 504",
            "statuscode: 500",
            "statuscode: 502",
            "statuscode: 503",
            "statuscode: 504",
            "status code: 500",
            "status code: 502",
            "status code: 503",
            "status code: 504",
        ],
    ),
];

impl UnreadableClass {
    /// What kind of failure a message means: throttled, denied, timed out, transient, or else refused. It is a guess by the words
    /// that clouds and their libraries use; whoever has a code reads that.
    #[must_use]
    pub fn of_message(message: &str) -> Self {
        let message = message.to_lowercase();
        let means = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
        TEXTS.iter().find(|(_, texts)| means(texts)).map_or(Refused, |(class, _)| *class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_clouds_are_told_apart() {
        for (message, class) in [
            ("error reading EC2 VPC: Throttling: Rate exceeded\n\tstatus code: 400, request id: 1", Throttled),
            ("RequestLimitExceeded: Request limit exceeded.\n\tstatus code: 503", Throttled),
            ("googleapi: Error 429: Quota exceeded for quota metric, rateLimitExceeded", Throttled),
            ("StatusCode=429 -- Original Error: Code=\"TooManyRequests\"", Throttled),
            ("AccessDenied: User: arn:aws:iam::1:user/x is not authorized to perform: iam:GetRole", Denied),
            ("UnauthorizedOperation: You are not authorized to perform this operation.\n\tstatus code: 403", Denied),
            ("googleapi: Error 403: Required 'compute.networks.get' permission, forbidden", Denied),
            ("pods is forbidden: User \"x\" cannot list resource \"pods\"", Denied),
            (
                "RequestError: send request failed\ncaused by: dial tcp 127.0.0.1:5000: connect: connection refused",
                Transient,
            ),
            ("ServiceUnavailable: \n\tstatus code: 503, request id: ", Transient),
            ("Get \"https://x/\": context deadline exceeded", TimedOut),
            ("ValidationError: 1 validation error detected", Refused),
            ("InvalidVpcID.Malformed: Invalid id \"x\"", Refused),
            ("", Refused),
        ] {
            assert_eq!(UnreadableClass::of_message(message), class, "{message}");
        }
    }
}
