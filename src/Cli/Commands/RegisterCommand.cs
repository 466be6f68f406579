using System.CommandLine;
using System.Globalization;
using System.Net;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl register</c>: adds an endpoint, and with <c>--keep-alive</c> stands beside it until Ctrl-C.</summary>
internal static class RegisterCommand
{
    private const string KeepAliveLease = "15s";

    public static Command Create(Globals globals)
    {
        var service = new Argument<string>("service") { Description = "NAME or NAMESPACE/NAME" };
        var id = new Argument<string>("id") { Description = "Unique within the service; host:port will do" };
        var address = new Option<string>("--address", "-a") { Description = "Where it listens, like 10.0.0.7:8080 or [fd00::7]:8080", HelpName = "ip:port", Required = true };
        var lease = new Option<string?>("--lease") { Description = "Take it out when nobody renews it for so long, like 30s [default: no lease]", HelpName = "time" };
        var weight = new Option<int?>("--weight", "-w") { Description = "Its share of the traffic, 1 to 1000 [default: 1]", HelpName = "n" };
        var label = new Option<string[]>("--label", "-l") { Description = "A label; may be repeated", HelpName = "key=value" };
        var locality = new Option<string?>("--locality") { Description = "Where it runs", HelpName = "region/zone/sub-zone" };
        var instance = new Option<string?>("--instance-id") { Description = "Names this life of it [default with --keep-alive: a new one]", HelpName = "id" };
        var keepAlive = new Option<bool>("--keep-alive") { Description = $"Renew the lease (default {KeepAliveLease}) until Ctrl-C, then deregister" };
        var command = new Command("register", "Register an endpoint of a service") { service, id, address, lease, weight, label, locality, instance, keepAlive };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var stay = parsed.GetValue(keepAlive);
            var (host, port) = Address(parsed.GetValue(address)!);
            var body = new EndpointPut
            {
                Address = host,
                Port = port,
                Weight = parsed.GetValue(weight),
                Lease = Lease(parsed.GetValue(lease) ?? (stay ? KeepAliveLease : null)),
                InstanceId = parsed.GetValue(instance) ?? (stay ? Guid.NewGuid().ToString("N") : null),
                Locality = Locality(parsed.GetValue(locality)),
                Labels = Labels(parsed.GetValue(label) ?? []),
            };
            var registration = new Registration(session, session.Service(parsed.GetValue(service)!), parsed.GetValue(id)!, body);
            await registration.Register(cancel);
            return stay ? await registration.KeepAlive(cancel) : ExitCodes.Ok;
        });
        return command;
    }

    private static (string Host, int Port) Address(string text)
    {
        // TryParse takes an address without a port, and one of several colons as IPv6; both would be a mistake here.
        var colon = text.LastIndexOf(':');
        var looksRight = colon > 0 && (text[0] == '[' ? text[colon - 1] == ']' : text.IndexOf(':', StringComparison.Ordinal) == colon);
        return looksRight && IPEndPoint.TryParse(text, out var point) && point.Port > 0
            ? (point.Address.ToString(), point.Port)
            : throw Failure.Usage($"--address '{text}' is not an IP address with a port.", "Write it like 10.0.0.7:8080 or [fd00::7]:8080; host names are not resolved.");
    }

    private static string? Lease(string? text) =>
        text is null || Ages.Parse(text) is not null ? text : throw Failure.Usage($"--lease '{text}' is not a length of time.", "Write it like 30s or 2m.");

    private static LocalityView? Locality(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var parts = text.Split('/');
        return parts.Length <= 3
            ? new LocalityView(parts[0], parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? "")
            : throw Failure.Usage($"--locality '{text}' has more than three parts.", "Write REGION/ZONE/SUB-ZONE.");
    }

    private static Dictionary<string, string>? Labels(string[] texts)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !labels.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw Failure.Usage($"--label '{text}' is not key=value, or its key is there twice.", "Write it like version=v2.");
            }
        }

        return labels.Count > 0 ? labels : null;
    }
}

/// <summary>One endpoint's registration from here.</summary>
internal sealed class Registration(Session session, Target service, string id, EndpointPut body)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private string What => $"endpoint {service} {id}";

    private string Path => Paths.Endpoint(service, id);

    public async Task Register(CancellationToken cancel)
    {
        var answer = await session.Client.PutAsync(Path, body, MeshJson.Default.EndpointPut, cancel);
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, answer.Body, session.Format);
            return;
        }

        var at = body.Address!.Contains(':', StringComparison.Ordinal) ? $"[{body.Address}]" : body.Address;
        var lease = body.Lease is null ? "" : $", lease {body.Lease}";
        session.Say(string.Create(CultureInfo.InvariantCulture, $"{What} {(answer.Status == HttpStatusCode.Created ? "registered" : "updated")} at {at}:{body.Port}{lease}"));
    }

    /// <summary>
    /// Renews at a third of the lease. A control plane that is away is waited for, since it keeps what it had; one that has lost or
    /// expired the endpoint gets it registered again.
    /// </summary>
    public async Task<int> KeepAlive(CancellationToken cancel)
    {
        var every = Ages.Parse(body.Lease)! / 3 is { } third && third < LongestWait ? third : LongestWait;
        var away = false;
        try
        {
            while (true)
            {
                await Task.Delay(every, session.Time, cancel);
                away = await Renew(away, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await Deregister();
            return ExitCodes.Ok;
        }
    }

    private async Task<bool> Renew(bool away, CancellationToken cancel)
    {
        try
        {
            await session.Client.PostAsync($"{Path}/heartbeat", new HeartbeatPost(body.InstanceId), MeshJson.Default.HeartbeatPost, cancel);
        }
        catch (Failure gone) when (gone.ExitCode == ExitCodes.NotFound)
        {
            session.Notice($"the control plane no longer knows {What}; registering it again.");
            await Register(cancel);
        }
        catch (Failure unreachable) when (unreachable.ExitCode == ExitCodes.Unreachable)
        {
            if (!away)
            {
                session.Notice($"{unreachable.Message} Trying on.");
            }

            return true;
        }

        if (away)
        {
            session.Notice("the control plane is back.");
        }

        return false;
    }

    private async Task Deregister()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(4));
        try
        {
            // Only this life of it: whoever has taken the id in the meantime stays.
            await session.Client.DeleteAsync($"{Path}?instanceId={Uri.EscapeDataString(body.InstanceId ?? "")}", limit.Token);
            session.Say($"{What} deregistered");
        }
        catch (Failure failure)
        {
            session.Notice($"could not deregister {What}: {failure.Message} Its lease of {body.Lease} will end it.");
        }
    }
}
