use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;

use policy_text::redact_url;

/// OpenTelemetry's default for the time that a batch may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The collector, as OpenTelemetry's own environment variables define it. Headers, the sampler, the
/// resource and the batches are read by the SDK.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) url: Uri,
    pub(super) certificate: Option<PathBuf>,
    pub(super) timeout: Duration,
    pub(super) service: Option<String>,
}

impl Environment {
    /// Reads the variables; `None` where they name no collector, or switch the export off.
    ///
    /// # Errors
    /// When a variable has an invalid value.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        // One that is empty is as one that is not set.
        let set = |name: &str| {
            let value = variable(name)?.trim().to_owned();
            (!value.is_empty()).then(|| (name.to_owned(), value))
        };
        // The one for spans comes before the one for all that can be exported.
        let of_spans = |what: &str| {
            set(&format!("OTEL_EXPORTER_OTLP_TRACES_{what}"))
                .or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{what}")))
        };
        let says = |name: &str, word: &str| {
            set(name).is_some_and(|(_, value)| value.eq_ignore_ascii_case(word))
        };
        if says("OTEL_SDK_DISABLED", "true") || says("OTEL_TRACES_EXPORTER", "none") {
            return Ok(None);
        }
        let Some((name, endpoint)) = of_spans("ENDPOINT") else { return Ok(None) };
        let url = if name.contains("_TRACES_") {
            endpoint.clone()
        } else {
            format!("{}/v1/traces", endpoint.trim_end_matches('/'))
        };
        let url = url
            .parse::<Uri>()
            .ok()
            .filter(|url| {
                matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some()
            })
            .ok_or_else(|| {
                let example = "http://localhost:4318";
                let endpoint = redact_url(&endpoint);
                format!("`{name}` is `{endpoint}`: expected a URL such as `{example}`")
            })?;
        if let Some((name, protocol)) = of_spans("PROTOCOL")
            && protocol != "http/protobuf"
        {
            return Err(format!(
                "`{name}` is `{protocol}`: expected `http/protobuf`, the one protocol that spans \
                 are exported by, which collectors take on port 4318"
            ));
        }
        let timeout = match of_spans("TIMEOUT") {
            None => TIMEOUT,
            Some((name, value)) => value.parse().map(Duration::from_millis).map_err(|_| {
                format!("`{name}` is `{value}`: expected milliseconds, such as `10000`")
            })?,
        };
        Ok(Some(Self {
            url,
            certificate: of_spans("CERTIFICATE").map(|(_, path)| path.into()),
            timeout,
            service: set("OTEL_SERVICE_NAME").map(|(_, name)| name),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Environment>, String> {
        Environment::read(|name| {
            let found = variables.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn spans_go_to_the_endpoint_for_them_or_below_the_one_for_all() {
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318/");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces/as/it/is");
        let url = |variables: &[_]| {
            read(variables).unwrap().map(|environment| environment.url.to_string())
        };
        assert_eq!(url(&[all]).unwrap(), "http://all:4318/v1/traces");
        assert_eq!(url(&[all, traces]).unwrap(), "https://traces/as/it/is");
        assert_eq!(url(&[all, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")]), url(&[all]));
        for nothing in [
            &[][..],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            &[all, ("OTEL_SDK_DISABLED", "TRUE")],
            &[traces, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(url(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn invalid_variables_are_reported() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all");
        for (variable, problem) in [
            (
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4317"),
                "`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is `collector:4317`: expected a URL such as \
                 `http://localhost:4318`",
            ),
            (
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://me:secret@collector"),
                "`OTEL_EXPORTER_OTLP_ENDPOINT` is `ftp://…@collector`: expected a URL such as \
                 `http://localhost:4318`",
            ),
            (
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                "`OTEL_EXPORTER_OTLP_PROTOCOL` is `grpc`: expected `http/protobuf`, the one \
                 protocol that spans are exported by, which collectors take on port 4318",
            ),
            (
                ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s"),
                "`OTEL_EXPORTER_OTLP_TRACES_TIMEOUT` is `10s`: expected milliseconds, such as \
                 `10000`",
            ),
        ] {
            assert_eq!(read(&[variable, endpoint]), Err(problem.to_owned()));
        }
    }
}
