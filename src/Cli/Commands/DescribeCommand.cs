using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl describe</c>: one thing, all of it, with the reasons.</summary>
internal static class DescribeCommand
{
    public static Command Create(Globals globals) =>
        new("describe", "Show one service, endpoint, policy or proxy in full")
        {
            Service(globals),
            Endpoint(globals),
            Policy(globals),
            Proxy(globals),
        };

    private static Command Service(Globals globals)
    {
        var name = new Argument<string>("service") { Description = "NAME or NAMESPACE/NAME" };
        var command = new Command("service", "A service, the policy in force and its endpoints") { name };
        command.Aliases.Add("svc");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var target = session.Service(parsed.GetValue(name)!);
            var node = await session.Client.GetAsync(Paths.Service(target), cancel) ?? new JsonObject();
            var endpoints = await session.Client.ListAsync(Paths.Endpoints(target), cancel).ToListAsync(cancel);
            if (session.Whole)
            {
                var whole = new JsonObject { ["service"] = node, ["endpoints"] = new JsonArray([.. endpoints.Select(each => each.DeepClone())]) };
                Render.Write(session.Terminal.Out, whole, session.Format);
                return ExitCodes.Ok;
            }

            WriteService(session, Rows.As(node, MeshJson.Default.ServiceDetail), endpoints);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void WriteService(Session session, ServiceDetail service, List<JsonNode> endpoints)
    {
        var fields = new Fields();
        fields.Add("Service", $"{service.Namespace}/{service.Name}");
        fields.Add("Hosts", string.Join(", ", service.Hosts));
        fields.Add("Version", $"{service.Version}, changed {Ages.Since(service.ChangedAt, session.Now)} ago");
        fields.Add("Endpoints", $"{service.Healthy} of {service.Endpoints} healthy, {service.Ejected} ejected, {service.Draining} draining, {service.Expired} expired");
        fields.Add("Policy", service.Policy.Source ?? "none; defaults hold");
        DescribePolicy.Routing(fields, service.Routing);
        fields.Add("Load balancer", service.Policy.LoadBalancer);
        DescribePolicy.Extras(fields, service.Policy);
        fields.WriteTo(session.Terminal);

        session.Terminal.Out.WriteLine("\nOutlier detection");
        var detection = service.Policy.OutlierDetection;
        var outliers = new Fields();
        outliers.Add("Consecutive 5xx", detection.Consecutive5xx);
        outliers.Add("Consecutive gateway failures", Off(detection.ConsecutiveGatewayFailure));
        outliers.Add("Consecutive local-origin failures", detection.SplitExternalLocalOriginErrors ? Off(detection.ConsecutiveLocalOriginFailure) : "counted with the others");
        outliers.Add("Interval", detection.Interval);
        outliers.Add("Ejection time", $"{detection.BaseEjectionTime} for the first, at most {detection.MaxEjectionTime}");
        outliers.Add("Budget", $"{detection.MaxEjectionPercent}% of the endpoints, over the whole mesh");
        outliers.Add("Minimum healthy", detection.MinHealthPercent == 0 ? "off" : $"{detection.MinHealthPercent}%");
        outliers.WriteTo(session.Terminal, "  ");

        session.Terminal.Out.WriteLine("\nConnection pool, of each proxy");
        var pool = service.Policy.ConnectionPool;
        var limits = new Fields();
        limits.Add("Connections", pool.MaxConnections);
        limits.Add("Connect time-out", pool.ConnectTimeout);
        limits.Add("Waiting requests", pool.Http1MaxPendingRequests);
        limits.Add("Requests at once", pool.Http2MaxRequests);
        limits.Add("Retries at once", pool.MaxRetries);
        limits.Add("Requests per connection", pool.MaxRequestsPerConnection == 0 ? "no limit" : pool.MaxRequestsPerConnection);
        limits.WriteTo(session.Terminal, "  ");

        RefusalText.WriteTo(session, service.Refusals, service.RefusalsTotal);
        DescribePolicy.WriteLocalities(session, service.Policy, endpoints);
        session.Terminal.Out.WriteLine("\nEndpoints");
        if (endpoints.Count == 0)
        {
            session.Terminal.Out.WriteLine("  none");
            return;
        }

        Rows.Endpoints(endpoints, session).WriteTo(session.Terminal, "  ");
    }

    private static Cell Off(int number) => number == 0 ? "off" : number;

    private static Command Endpoint(Globals globals)
    {
        var service = new Argument<string>("service") { Description = "NAME or NAMESPACE/NAME" };
        var id = new Argument<string>("id") { Description = "The endpoint's id" };
        var command = new Command("endpoint", "An endpoint, where it stands and why") { service, id };
        command.Aliases.Add("ep");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var node = await session.Client.GetAsync(Paths.Endpoint(session.Service(parsed.GetValue(service)!), parsed.GetValue(id)!), cancel) ?? new JsonObject();
            if (session.Whole)
            {
                Render.Write(session.Terminal.Out, node, session.Format);
                return ExitCodes.Ok;
            }

            WriteEndpoint(session, Rows.As(node, MeshJson.Default.EndpointDetail));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void WriteEndpoint(Session session, EndpointDetail endpoint)
    {
        var fields = new Fields();
        fields.Add("Endpoint", $"{endpoint.Namespace}/{endpoint.Service} {endpoint.Id}");
        fields.Add("Address", Rows.Address(endpoint));
        fields.Add("Status", new Cell(endpoint.Status, Ansi.OfStatus(endpoint.Status)));
        fields.AddIfAny("Reason", endpoint.Reason);
        fields.Add("Weight", Rows.Weight(endpoint));
        if (endpoint.EjectedUntil is { } until)
        {
            fields.Add("Ejected until", $"{until.ToString("u", CultureInfo.InvariantCulture)} ({Ages.Until(until, session.Now)})");
        }

        fields.Add("Ejections in a row", endpoint.EjectionMultiplier);
        fields.AddIfAny("Failures in a row", endpoint.ConsecutiveFailures?.ToString(CultureInfo.InvariantCulture));
        fields.Add("Lease", endpoint.Lease is { } lease ? $"{lease}, runs out {Ages.Until(endpoint.LeaseExpires, session.Now)}" : "none; it stays until it is deregistered");
        fields.AddIfAny("Registered", endpoint.RegisteredAt is { } at ? $"{Ages.Since(at, session.Now)} ago" : null);
        fields.AddIfAny("Instance", endpoint.InstanceId);
        fields.AddIfAny("Locality", Rows.Locality(endpoint.Locality));
        fields.AddIfAny("Labels", Rows.Labels(endpoint.Labels));
        fields.WriteTo(session.Terminal);
    }

    private static Command Policy(Globals globals)
    {
        var name = new Argument<string>("policy") { Description = "NAME or NAMESPACE/NAME" };
        var kind = GetCommand.KindOption();
        var command = new Command("policy", "A policy document as it is stored") { name, kind };
        command.Aliases.Add("pol");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var path = Paths.Policy(Kinds.Of(parsed.GetValue(kind)), session.Named(parsed.GetValue(name)!, "policy"));
            var node = await session.Client.GetAsync(path, cancel) ?? new JsonObject();
            if (session.Whole)
            {
                Render.Write(session.Terminal.Out, node, session.Format);
                return ExitCodes.Ok;
            }

            var policy = Rows.As(node, MeshJson.Default.PolicyView);
            var fields = new Fields();
            fields.Add("Policy", $"{policy.Kind} {policy.Namespace}/{policy.Name}");
            fields.Add("Bound to", policy.BoundTo);
            fields.Add("Version", policy.Version.ToString(CultureInfo.InvariantCulture));
            fields.Add("Updated", $"{Ages.Since(policy.UpdatedAt, session.Now)} ago");
            fields.WriteTo(session.Terminal);
            RefusalText.WriteTo(session, policy.Refusals, policy.RefusalsTotal);
            session.Terminal.Out.WriteLine();
            session.Terminal.Out.Write(Yaml.Of(policy.Document));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Proxy(Globals globals)
    {
        var name = new Argument<string>("node") { Description = "The proxy's node id" };
        var command = new Command("proxy", "A proxy, and what it has accepted or rejected") { name };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var node = await session.Client.GetAsync(Paths.Proxy(parsed.GetValue(name)!), cancel) ?? new JsonObject();
            if (session.Whole)
            {
                Render.Write(session.Terminal.Out, node, session.Format);
                return ExitCodes.Ok;
            }

            WriteProxy(session, Rows.As(node, MeshJson.Default.ProxyView));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void WriteProxy(Session session, ProxyView proxy)
    {
        var fields = new Fields();
        fields.Add("Proxy", proxy.Node);
        fields.AddIfAny("Cluster", proxy.Cluster);
        fields.AddIfAny("User agent", proxy.UserAgent);
        fields.AddIfAny("Locality", Rows.Locality(proxy.Locality));
        fields.Add("Address", proxy.Address);
        fields.AddIfAny("Identity", proxy.Identity);
        fields.Add("Connected", $"{Ages.Since(proxy.ConnectedAt, session.Now)} ago");
        fields.AddIfAny("xDS", ProxyText.Variant(proxy));
        fields.AddIfAny("Role", ProxyText.Role(proxy));
        fields.AddIfAny("Reaches", ProxyText.Reaches(proxy));
        foreach (var claim in proxy.NotUnderstood ?? [])
        {
            fields.Add("Not understood", new Cell(claim, Tone.Bad));
        }

        fields.AddIfAny("Weights", ProxyText.Weights(proxy));
        fields.AddIfAny("Reports", ProxyText.Reports(proxy, session.Now));
        fields.WriteTo(session.Terminal);
        session.Terminal.Out.WriteLine();
        var table = new Table("TYPE", "STATUS", "WANTED", "SENT", "ACCEPTED", "LAST ACCEPTED");
        foreach (var type in proxy.Types)
        {
            Cell wanted = type.Resources < 0 ? "all" : type.Resources;
            var last = type.LastAcceptedAt is { } at ? $"{Ages.Since(at, session.Now)} ago" : null;
            table.Add(type.Type, ProxyRows.State(type), wanted, type.Sent, type.Accepted, last);
        }

        table.WriteTo(session.Terminal);
        ProxyStatusCommand.ExplainRefusals(session, proxy);
    }
}
