namespace Mesh.Core.Policies.Documents;

/// <summary>
/// Reads <c>healthCheck</c>, which Istio's documents do not have: names and shape are those of Envoy's <c>core.v3.HealthCheck</c> in protobuf's JSON.
/// </summary>
internal static class HealthCheckReader
{
    private const int LongestPath = 2048;
    private const int LongestHost = 255;
    private const int MostInARow = 1000;

    private const string Http = "httpHealthCheck";
    private const string Tcp = "tcpHealthCheck";
    private const string Grpc = "grpcHealthCheck";

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(10);

    private static readonly FieldTable Fields = new(
        [Http, Tcp, Grpc, "timeout", "interval", "unhealthyThreshold", "healthyThreshold", "noTrafficInterval", "port"],
        [
            "initialJitter", "intervalJitter", "intervalJitterPercent", "altPort", "reuseConnection", "customHealthCheck", "noTrafficHealthyInterval",
            "unhealthyInterval", "unhealthyEdgeInterval", "healthyEdgeInterval", "eventLogPath", "eventLogger", "eventService",
            "alwaysLogHealthCheckFailures", "alwaysLogHealthCheckSuccess", "tlsOptions", "transportSocketMatchCriteria",
        ],
        []);

    private static readonly FieldTable HttpFields = new(
        ["path", "host", "expectedStatuses"],
        [
            "send", "receive", "responseBufferSize", "requestHeadersToAdd", "requestHeadersToRemove", "retriableStatuses", "codecClientType",
            "serviceNameMatcher", "method",
        ],
        []);

    private static readonly FieldTable TcpFields = new([], ["send", "receive", "proxyProtocolConfig"], []);

    private static readonly FieldTable GrpcFields = new(["serviceName", "authority"], ["initialMetadata"], []);

    private static readonly FieldTable StatusFields = new(["start", "end"], [], []);

    public static HealthCheck Read(Node node, ProblemList problems)
    {
        var found = new FoundFields(Fields.Read(node, problems), problems);
        var defaults = new HealthCheck();
        var interval = found.Time("interval", ShortestInterval, LongestInterval, defaults.Interval);
        var timeout = found.Time("timeout", ShortestTimeout, LongestInterval, interval < defaults.Timeout ? interval : defaults.Timeout);
        if (timeout > interval)
        {
            found.Refuse("timeout", "The timeout is longer than the interval: one check would run into the next.", $"Write {DurationText.Format(interval)} or less, or a longer interval.");
        }

        if (found.OneOf([Http, Tcp, Grpc]) is null)
        {
            problems.Add(node, "Nothing says what to check.", $"Write {Http}: {{path: /healthz}}, {Tcp}: {{}} or {Grpc}: {{}}.");
        }

        return ReadProtocol(found, defaults, problems) with
        {
            Port = found.Find("port") is { } port ? port.Whole(1, 65535, problems) : null,
            Interval = interval,
            Timeout = timeout,
            UnhealthyThreshold = found.Whole("unhealthyThreshold", 1, MostInARow, defaults.UnhealthyThreshold),
            HealthyThreshold = found.Whole("healthyThreshold", 1, MostInARow, defaults.HealthyThreshold),
            NoTrafficInterval = found.Time(
                "noTrafficInterval", ShortestInterval, LongestInterval, interval > defaults.NoTrafficInterval ? interval : defaults.NoTrafficInterval),
        };
    }

    // All are read even when one is too many: whatever else is wrong with them is to be said at once.
    private static HealthCheck ReadProtocol(FoundFields found, HealthCheck check, ProblemList problems)
    {
        if (found.Find(Grpc) is { } grpc)
        {
            var fields = GrpcFields.Read(grpc, problems);
            check = check with
            {
                Protocol = HealthCheckProtocol.Grpc,
                GrpcServiceName = fields.TryGetValue("serviceName", out var service) ? Printable(service, LongestPath, problems) ?? "" : "",
                Host = fields.TryGetValue("authority", out var authority) ? Printable(authority, LongestHost, problems) : null,
            };
        }

        if (found.Find(Tcp) is { } tcp)
        {
            TcpFields.Read(tcp, problems);
            check = check with { Protocol = HealthCheckProtocol.Tcp };
        }

        return found.Find(Http) is { } http ? ReadHttp(http, check, problems) : check;
    }

    private static HealthCheck ReadHttp(Node node, HealthCheck check, ProblemList problems)
    {
        var fields = HttpFields.Read(node, problems);
        var path = fields.TryGetValue("path", out var pathNode) ? Printable(pathNode, LongestPath, problems) : check.Path;
        if (path is not null && path[0] != '/')
        {
            problems.Add(pathNode, "The path does not begin with a slash.", "Write one like /healthz.");
        }

        var (from, to) = fields.TryGetValue("expectedStatuses", out var statuses)
            ? ReadStatuses(statuses, problems)
            : (check.ExpectedStatusFrom, check.ExpectedStatusTo);
        return check with
        {
            Protocol = HealthCheckProtocol.Http,
            Path = path ?? check.Path,
            Host = fields.TryGetValue("host", out var host) ? Printable(host, LongestHost, problems) : null,
            ExpectedStatusFrom = from,
            ExpectedStatusTo = to,
        };
    }

    /// <summary>A range; Envoy's form of it, a list, may hold one.</summary>
    private static (int From, int To) ReadStatuses(Node node, ProblemList problems)
    {
        if (node.Items() is [var only])
        {
            node = only;
        }

        var fields = new FoundFields(StatusFields.Read(node, problems), problems);
        var (from, to) = (fields.Whole("start", 100, 599, 200), fields.Whole("end", 101, 600, 300));
        if (from >= to)
        {
            problems.Add(node, "The range of statuses is empty: its end is not part of it.", "Write an end above the start, as in {start: 200, end: 300}.");
        }

        return (from, to);
    }

    private static string? Printable(Node node, int longest, ProblemList problems)
    {
        if (node.Text(problems) is not { } text)
        {
            return null;
        }

        if (text.Length <= longest && text.All(static c => c is > ' ' and <= '~'))
        {
            return text;
        }

        problems.Add(node, "The text has a blank or another character that cannot stand there, or is too long.", $"Write at most {longest} printable ASCII characters, escaped where a URL needs it.");
        return null;
    }
}
