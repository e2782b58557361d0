//! What kind of failure a provider's words mean. Providers pass on what services say and have no codes of their own: this is the
//! one place that reads the words.

use landfast_observe::scan::UnreadableClass;

/// Words, in lower case, and what they mean. The first line that fits counts: who asks too much is often told so in the words of a
/// refusal. They are the codes of the errors of the services' interfaces, and what their clients make of them.
const WORDS: &[(UnreadableClass, &[&str])] = &[
    (
        UnreadableClass::Throttled,
        &[
            "throttl",
            "requestlimitexceeded",
            "rate exceeded",
            "ratelimit",
            "rate limit",
            "rate_limit",
            "too many requests",
            "toomanyrequests",
            "slowdown",
            "slow down",
            "provisionedthroughputexceeded",
            "bandwidthlimitexceeded",
            "quota exceeded",
            "(resource_exhausted)",
            "status code: 429",
            "statuscode: 429",
            "error 429",
        ],
    ),
    (
        UnreadableClass::Denied,
        &[
            "accessdenied",
            "access denied",
            "unauthorizedoperation",
            "unauthorizedaccess",
            "authorizationerror",
            "authorizationfailed",
            "not authorized",
            "not authorised",
            "permission denied",
            "permissiondenied",
            "permission_denied",
            "insufficient permission",
            "insufficientaccessrights",
            "forbidden",
            "status code: 403",
            "statuscode: 403",
            "error 403",
            "status code: 401",
            "error 401",
            "(unauthenticated)",
            "expiredtoken",
            "invalidclienttokenid",
            "authfailure",
        ],
    ),
    (
        UnreadableClass::Transient,
        &[
            "connection refused",
            "connection reset",
            "broken pipe",
            "unexpected eof",
            "no such host",
            "i/o timeout",
            "tls handshake timeout",
            "requesttimeout",
            "request timed out",
            "deadline exceeded",
            "internalerror",
            "internal server error",
            "internalfailure",
            "service unavailable",
            "serviceunavailable",
            "temporarily unavailable",
            "bad gateway",
            "gateway timeout",
            "status code: 500",
            "status code: 502",
            "status code: 503",
            "status code: 504",
            "(unavailable)",
        ],
    ),
];

/// What kind of failure these words speak of.
pub(super) fn class_of(words: &str) -> UnreadableClass {
    let said = words.to_lowercase();
    let fits = |(_, words): &&(UnreadableClass, &[&str])| words.iter().any(|word| said.contains(word));
    WORDS.iter().find(fits).map_or(UnreadableClass::Refused, |(class, _)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_services_have_their_class() {
        use UnreadableClass as Class;
        let cases = [
            ("error reading EC2 VPC: RequestLimitExceeded: Request limit exceeded.", Class::Throttled),
            ("ThrottlingException: Rate exceeded\n\tstatus code: 400", Class::Throttled),
            ("googleapi: Error 429: Quota exceeded for quota metric", Class::Throttled),
            ("SlowDown: Please reduce your request rate. status code: 503", Class::Throttled),
            (
                "UnauthorizedOperation: You are not authorized to perform this operation. status code: 403",
                Class::Denied,
            ),
            ("AccessDenied: Access Denied\n\tstatus code: 403, request id: 1", Class::Denied),
            ("googleapi: Error 403: Required 'compute.instances.get' permission, forbidden", Class::Denied),
            ("RequestError: send request failed caused by: dial tcp: connect: connection refused", Class::Transient),
            ("InternalError: We encountered an internal error. status code: 500", Class::Transient),
            ("error reading queue: InvalidParameterValue: no such thing", Class::Refused),
            ("", Class::Refused),
        ];
        for (words, class) in cases {
            assert_eq!(class_of(words), class, "{words}");
        }
    }
}
