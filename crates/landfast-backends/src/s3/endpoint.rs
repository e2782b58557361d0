//! Where the services are: AWS's own endpoints, and those of others.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use super::attributes::{Attributes, Flag, wrong};
use crate::error::StoreError;
use crate::open::Environment;

/// What the signature calls unreserved; everything else is escaped, and exactly once.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ESCAPED_IN_PATH: &AsciiSet = &ESCAPED.remove(b'/');

/// The endpoints of the services that are used.
#[derive(Debug, Clone)]
pub(super) struct Endpoints {
    pub(super) s3: Url,
    pub(super) style: Style,
    pub(super) dynamodb: Url,
    pub(super) sts: Url,
    /// The region that requests to the token service are signed for.
    pub(super) sts_region: String,
}

/// Where the name of the bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// In the path.
    Path,
    /// In the name of the host.
    Host,
}

impl Endpoints {
    pub(super) fn read(
        attributes: &Attributes<'_>,
        environment: &Environment,
        region: &str,
    ) -> Result<Self, StoreError> {
        let block = attributes.block("endpoints", "endpoints.")?;
        if let Some(block) = &block {
            block.only(&["s3", "dynamodb", "iam", "sso", "sts"])?;
        }
        let on = |name: &str, variable: &str| -> Result<bool, StoreError> {
            Ok(match attributes.flag(name)? {
                Some(flag) => flag == Flag::On,
                None => environment.get(variable) == Some("true"),
            })
        };
        let variant = Variant {
            fips: if on("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT")? { "-fips" } else { "" },
            dualstack: on("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT")?,
        };
        let ignored = environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == Some("true");
        let given = |service: &str, old: &str, variables: &[&str]| -> Result<Option<Url>, StoreError> {
            let new = block.as_ref().map(|block| block.text(service)).transpose()?.flatten();
            let configured = match new {
                Some(url) => Some((format!("endpoints.{service}"), url)),
                None => attributes.text(old)?.map(|url| (old.to_owned(), url)),
            };
            let from_environment = || {
                let found = variables.iter().find_map(|name| Some((name, environment.get(name)?)));
                found.filter(|_| !ignored).map(|(name, url)| ((*name).to_owned(), url.to_owned()))
            };
            configured.or_else(from_environment).map(|(name, url)| endpoint(&name, &url)).transpose()
        };

        let s3 = given("s3", "endpoint", &["AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL"])?;
        let dynamodb = given(
            "dynamodb",
            "dynamodb_endpoint",
            &["AWS_ENDPOINT_URL_DYNAMODB", "AWS_DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL"],
        )?;
        let sts = given("sts", "sts_endpoint", &["AWS_ENDPOINT_URL_STS", "AWS_STS_ENDPOINT", "AWS_ENDPOINT_URL"])?;
        let sts_region = attributes.text("sts_region")?.unwrap_or_else(|| region.to_owned());

        let path_style = match attributes.flag("use_path_style")? {
            Some(flag) => Some(flag),
            None => attributes.flag("force_path_style")?,
        };
        let by_address = s3.as_ref().is_some_and(|url| url.domain().is_none());
        let style = if path_style == Some(Flag::On) || by_address { Style::Path } else { Style::Host };
        Ok(Self {
            s3: s3.map_or_else(|| own("s3", region, variant), Ok)?,
            style,
            dynamodb: dynamodb.map_or_else(|| own("dynamodb", region, variant), Ok)?,
            sts: sts.map_or_else(|| own("sts", &sts_region, variant), Ok)?,
            sts_region,
        })
    }

    /// The URL of an object, or of the bucket where `path` is empty.
    pub(super) fn object(&self, bucket: &str, path: &str) -> Result<Url, StoreError> {
        let mut text = self.s3.as_str().trim_end_matches('/').to_owned();
        // A dot in the name would be one too many for the certificate.
        let in_path = self.style == Style::Path || (bucket.contains('.') && self.s3.scheme() == "https");
        if in_path {
            text = format!("{text}/{bucket}");
        } else if let Some((scheme, rest)) = text.split_once("://") {
            text = format!("{scheme}://{bucket}.{rest}");
        }
        text.push('/');
        text.extend(utf8_percent_encode(path, ESCAPED_IN_PATH));
        if in_path && path.is_empty() {
            text.pop();
        }
        text.parse().map_err(|_| wrong("endpoints.s3", "does not give a URL with this bucket and key"))
    }
}

/// Text as it stands in a query.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[derive(Clone, Copy)]
struct Variant {
    fips: &'static str,
    dualstack: bool,
}

/// AWS's own endpoint of a service.
fn own(service: &str, region: &str, variant: Variant) -> Result<Url, StoreError> {
    let (domain, dualstack_domain) = match region {
        _ if region.starts_with("cn-") => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        _ if region.starts_with("eusc-") => ("amazonaws.eu", "api.amazonwebservices.eu"),
        _ if region.starts_with("us-isob-") => ("sc2s.sgov.gov", "api.aws.scloud"),
        _ if region.starts_with("us-isof-") => ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        _ if region.starts_with("us-iso-") => ("c2s.ic.gov", "api.aws.ic.gov"),
        _ if region.starts_with("eu-isoe-") => ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        _ => ("amazonaws.com", "api.aws"),
    };
    let fips = variant.fips;
    let host = match (service, variant.dualstack) {
        ("s3", true) => format!("s3{fips}.dualstack.{region}.{domain}"),
        (_, true) => format!("{service}{fips}.{region}.{dualstack_domain}"),
        (_, false) => format!("{service}{fips}.{region}.{domain}"),
    };
    format!("https://{host}").parse().map_err(|_| wrong("region", "gives no host name"))
}

fn endpoint(name: &str, text: &str) -> Result<Url, StoreError> {
    let must = "must be a URL that begins with http:// or https:// and holds no credentials or query";
    // Old configurations name the host alone.
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url: Url = with_scheme.parse().map_err(|_| wrong(name, must))?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !is_plain {
        return Err(wrong(name, must));
    }
    Ok(url)
}

pub(super) fn check_bucket(bucket: &str) -> Result<(), StoreError> {
    if bucket.starts_with("arn:") {
        return Err(wrong("bucket", "names an access point by its ARN, which is not supported: use its alias"));
    }
    if bucket.ends_with("--x-s3") {
        return Err(wrong("bucket", "names a directory bucket, which is not supported"));
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !bucket.bytes().all(is_name) || bucket == "." || bucket == ".." {
        return Err(wrong("bucket", "must hold letters, digits, '-', '.' and '_' only"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn endpoints(attributes: &Value, environment: &[(&str, &str)], region: &str) -> Endpoints {
        let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Environment = pairs.collect();
        Endpoints::read(&Attributes::new(attributes.as_object().unwrap()), &environment, region).unwrap()
    }

    #[test]
    fn objects_are_where_aws_has_them() {
        for (attributes, region, bucket, url) in [
            (json!({}), "eu-west-1", "states", "https://states.s3.eu-west-1.amazonaws.com/a%20b/c"),
            (
                json!({"use_path_style": true}),
                "eu-west-1",
                "states",
                "https://s3.eu-west-1.amazonaws.com/states/a%20b/c",
            ),
            // No certificate is for two names before the service's.
            (json!({}), "eu-west-1", "my.states", "https://s3.eu-west-1.amazonaws.com/my.states/a%20b/c"),
            (json!({}), "cn-north-1", "states", "https://states.s3.cn-north-1.amazonaws.com.cn/a%20b/c"),
            (
                json!({"use_fips_endpoint": true}),
                "us-east-1",
                "states",
                "https://states.s3-fips.us-east-1.amazonaws.com/a%20b/c",
            ),
            (
                json!({"use_dualstack_endpoint": true}),
                "us-east-1",
                "states",
                "https://states.s3.dualstack.us-east-1.amazonaws.com/a%20b/c",
            ),
            (
                json!({"endpoint": "http://127.0.0.1:9000/s3/"}),
                "us-east-1",
                "states",
                "http://127.0.0.1:9000/s3/states/a%20b/c",
            ),
            (
                json!({"endpoints": {"s3": "https://minio.corp"}}),
                "us-east-1",
                "states",
                "https://states.minio.corp/a%20b/c",
            ),
        ] {
            let found = endpoints(&attributes, &[], region).object(bucket, "a b/c").unwrap();
            assert_eq!(found.as_str(), url);
        }
    }

    #[test]
    fn the_configuration_comes_before_the_environment() {
        let environment = [("AWS_ENDPOINT_URL_S3", "http://env:1"), ("AWS_ENDPOINT_URL", "http://all:2")];
        let found = endpoints(&json!({"endpoints": {"sts": "http://sts:3"}}), &environment, "eu-west-1");
        let shown = [found.s3.as_str(), found.dynamodb.as_str(), found.sts.as_str()];
        assert_eq!(shown, ["http://env:1/", "http://all:2/", "http://sts:3/"]);
        let found = endpoints(&json!({"endpoint": "http://own:4"}), &environment, "eu-west-1");
        assert_eq!(found.s3.as_str(), "http://own:4/");
        let ignored = [environment[0], ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
        assert_eq!(endpoints(&json!({}), &ignored, "eu-west-1").s3.as_str(), "https://s3.eu-west-1.amazonaws.com/");
    }
}
