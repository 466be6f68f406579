using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Mesh.Local.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Demo.Backend;

/// <summary>
/// One backend: answers everything, and has a switch to answer 503. It is the witness of the demo: it notes when which proxy
/// sent what, by the machine's monotonic clock, so that times are measured where requests arrive and not where they are decided on.
/// It ends when its standard input does, so that it cannot outlive the demo; with a port of its own (<c>backend NAME PORT</c>) it is for trying
/// things by hand, and ends at Ctrl+C.
/// </summary>
internal static class BackendServer
{
    public const string Admin = "/demo-admin";

    public static async Task<int> RunAsync(string[] args)
    {
        var id = args is [var name, ..] ? name : "backend";
        var witness = new Witness();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var byHand = args.Length > 1;
        var listen = new IPEndPoint(IPAddress.Loopback, 0);
        if (byHand && !IPEndPoint.TryParse(args[1].Contains(':', StringComparison.Ordinal) ? args[1] : $"127.0.0.1:{args[1]}", out listen!))
        {
            await Console.Error.WriteLineAsync($"mesh-demo: '{args[1]}' is not a port; write: backend NAME PORT, as in: backend a 18081, or backend a 0.0.0.0:18081");
            return 2;
        }

        builder.WebHost.UseUrls($"http://{listen}");
        var app = builder.Build();
        app.Map(Admin + "/{action}", (string action) => Administer(action, witness));
        app.MapFallback(async context =>
        {
            var ok = witness.Arrived(context.Request.Headers[LoadGenerator.ProxyHeader].ToString());
            context.Response.StatusCode = ok ? 200 : 503;
            await context.Response.WriteAsync(byHand ? id + "\n" : id);
        });
        if (byHand)
        {
            try
            {
                await app.StartAsync();
            }
            catch (IOException)
            {
                await Console.Error.WriteLineAsync($"mesh-demo: port {listen.Port} of {listen.Address} is in use; choose another.");
                return 3;
            }

            Console.WriteLine($"backend {id} on http://{listen}; GET {Admin}/fail makes it answer 503, {Admin}/heal 200");
            await app.WaitForShutdownAsync();
            return 0;
        }

        await app.StartAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"listening {new Uri(app.Urls.Single()).Port}"));

        // The parent holds the other end; end of file means that it is gone.
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
        return 0;
    }

    private static IResult Administer(string action, Witness witness)
    {
        switch (action)
        {
            case "fail":
                witness.Fail();
                break;
            case "heal":
                witness.Heal();
                break;
            case "state" or "report":
                break;
            default:
                return Results.NotFound();
        }

        return Results.Json(witness.Read(withArrivals: action == "report"));
    }
}

/// <summary>What a backend saw.</summary>
/// <param name="Failing">Whether it answers 503.</param>
/// <param name="FirstFailure">Timestamp of the first 503 since the switch; null when there was none.</param>
/// <param name="HealedAt">Timestamp of the last healing; null when there was none.</param>
/// <param name="Proxies">What came through each proxy.</param>
internal sealed record Sighting(bool Failing, long? FirstFailure, long? HealedAt, IReadOnlyDictionary<string, SeenProxy> Proxies);

/// <summary>What one backend saw of one proxy.</summary>
/// <param name="Served">Requests answered with 200.</param>
/// <param name="Failed">Requests answered with 503.</param>
/// <param name="Last">Timestamp of the last request.</param>
/// <param name="Arrivals">Timestamps of all requests since the switch, in order, up to a bound; only in a report.</param>
internal sealed record SeenProxy(long Served, long Failed, long Last, IReadOnlyList<long> Arrivals);

/// <summary>Counts, under one lock: a few hundred requests a second need no more.</summary>
internal sealed class Witness
{
    private const int MostArrivals = 20_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Seen> _proxies = [];
    private bool _failing;
    private bool _noting;
    private long? _firstFailure;
    private long? _healedAt;

    public bool Arrived(string proxy)
    {
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            if (!_proxies.TryGetValue(proxy, out var seen))
            {
                _proxies[proxy] = seen = new Seen();
            }

            seen.Last = now;
            if (_noting && seen.Arrivals.Count < MostArrivals)
            {
                seen.Arrivals.Add(now);
            }

            if (!_failing)
            {
                seen.Served++;
                return true;
            }

            seen.Failed++;
            _firstFailure ??= now;
            return false;
        }
    }

    public void Fail()
    {
        lock (_gate)
        {
            (_failing, _noting, _firstFailure, _healedAt) = (true, true, null, null);
            foreach (var seen in _proxies.Values)
            {
                seen.Arrivals.Clear();
            }
        }
    }

    public void Heal()
    {
        lock (_gate)
        {
            (_failing, _healedAt) = (false, Stopwatch.GetTimestamp());
        }
    }

    public Sighting Read(bool withArrivals)
    {
        lock (_gate)
        {
            return new Sighting(_failing, _firstFailure, _healedAt, _proxies.ToDictionary(
                pair => pair.Key, pair => new SeenProxy(pair.Value.Served, pair.Value.Failed, pair.Value.Last, withArrivals ? [.. pair.Value.Arrivals] : [])));
        }
    }

    private sealed class Seen
    {
        public long Served { get; set; }

        public long Failed { get; set; }

        public long Last { get; set; }

        public List<long> Arrivals { get; } = [];
    }
}
