using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Options;
using Mesh.Xds;
using Mesh.Xds.Translation;
using Place = Mesh.Proxy.Gateways.Gateway;

namespace Mesh.Bench;

/// <summary>
/// Holds streams to gateways that are already there, as so many proxies would, each on a connection of its own, while somebody stops, kills or freezes gateways. For each stream that ends it takes
/// the time until another gateway has sent it everything again. It starts and stops nothing itself.
/// </summary>
internal static class MoveScenario
{
    public const string Help = "move       --gateways http://a:15010,http://b:15010 --services default/greeter --streams 1000 --seconds 120 --limit 5";

    private static readonly ConcurrentBag<double> Gaps = [];
    private static readonly ConcurrentDictionary<string, int> Places = new();
    private static readonly ConcurrentDictionary<string, int> Whys = new();
    private static int _served;

    /// <summary>0 when every stream was served again within the limit, 1 when not, 2 for wrong options.</summary>
    public static async Task<int> Run(string[] args)
    {
        var options = args.Chunk(2).Where(static pair => pair.Length == 2).ToDictionary(static pair => pair[0], static pair => pair[1]);
        if (!options.TryGetValue("--gateways", out var list))
        {
            Console.Error.WriteLine("move needs --gateways URL,URL: it measures gateways that are already there.");
            return 2;
        }

        var gateways = list.Split(',').Select(static address => new Place(new Uri(address))).ToArray();
        var services = options.GetValueOrDefault("--services", "default/greeter").Split(',');
        var streams = Number("--streams", 1000);
        var limit = Number("--limit", 5);
        using var stop = new CancellationTokenSource();
        var all = Enumerable.Range(0, streams).Select(i => Task.Run(() => Hold($"mover-{i}", gateways, services, stop.Token))).ToArray();
        var until = Stopwatch.StartNew();
        var seconds = Number("--seconds", 120);
        while (until.Elapsed.TotalSeconds < seconds)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            Console.WriteLine($"{until.Elapsed.TotalSeconds,4:0} s  {Volatile.Read(ref _served),5} served  {Gaps.Count,5} moves  {string.Join("  ", Places.OrderBy(static at => at.Key, StringComparer.Ordinal).Select(static at => $"{at.Key} {at.Value}"))}");
        }

        var left = streams - Volatile.Read(ref _served);
        await stop.CancelAsync();
        await Task.WhenAll(all);
        var gaps = Gaps.Order().ToArray();
        Console.WriteLine($"{streams} streams, {gaps.Length} moves, {left} not served at the end");
        Console.WriteLine(gaps.Length == 0 ? "nobody moved" : $"in sync again after: median {At(0.5):0} ms, 99 % {At(0.99):0} ms, longest {gaps[^1]:0} ms");
        foreach (var (why, count) in Whys.OrderByDescending(static why => why.Value).Take(10))
        {
            Console.WriteLine($"{count,6}  {why}");
        }

        return left == 0 && (gaps.Length == 0 || gaps[^1] <= limit * 1000) ? 0 : 1;

        int Number(string name, int otherwise) => options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        double At(double share) => gaps[Math.Min(gaps.Length - 1, (int)(share * gaps.Length))];
    }

    /// <summary>One proxy: the same order, rounds and connections as <c>mesh-proxy</c>; it does not go back to its own gateway.</summary>
    private static async Task Hold(string id, IReadOnlyList<Place> gateways, string[] services, CancellationToken stop)
    {
        var ranked = GatewayOrder.Rank(id, gateways);
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(3));
        var round = GatewayRound.Start;
        var versions = "";
        long? since = null;
        while (!stop.IsCancellationRequested)
        {
            if (round.Next(ranked) is not { } gateway)
            {
                await Task.Delay(backoff.Wait(round.Failures, Random.Shared.NextDouble()), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                round = round.Again();
                continue;
            }

            long? servedAt = null;
            try
            {
                using var connection = GatewayConnection.To(gateway, new ProxyOptions(), null);
                using var call = connection.Discovery.StreamAggregatedResources(cancellationToken: stop);
                await call.RequestStream.WriteAsync(Ask(services, versions, "", new Node { Id = id, Cluster = "bench", UserAgentName = ClientKinds.MeshProxyUserAgent }), stop);
                var missing = services.ToHashSet(StringComparer.Ordinal);
                while (await Next(call.ResponseStream, servedAt is null, stop))
                {
                    var answer = call.ResponseStream.Current;
                    versions = answer.VersionInfo;
                    foreach (var any in answer.Resources)
                    {
                        missing.Remove(any.Unpack<Envoy.Config.Endpoint.V3.ClusterLoadAssignment>().ClusterName);
                    }

                    if (missing.Count == 0 && servedAt is null)
                    {
                        servedAt = Stopwatch.GetTimestamp();
                        Served(gateway, since);
                    }

                    await call.RequestStream.WriteAsync(Ask(services, versions, answer.Nonce, null), stop);
                }
            }
            catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or OperationCanceledException or TimeoutException)
            {
                if (!stop.IsCancellationRequested)
                {
                    var why = e is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : e.GetType().Name;
                    Whys.AddOrUpdate(why.Length > 120 ? why[..120] : why, 1, static (_, count) => count + 1);
                }
            }

            if (servedAt is not null)
            {
                since = Stopwatch.GetTimestamp();
                Interlocked.Decrement(ref _served);
                Places.AddOrUpdate(gateway.Name, 0, static (_, count) => count - 1);
            }

            round = round.Ended(gateway, servedAt is { } began ? Stopwatch.GetElapsedTime(began) : null);
        }
    }

    private static Task<bool> Next(IAsyncStreamReader<DiscoveryResponse> responses, bool first, CancellationToken stop)
    {
        var next = responses.MoveNext(stop);
        return first ? next.WaitAsync(TimeSpan.FromSeconds(5), stop) : next;
    }

    private static void Served(Place gateway, long? since)
    {
        Interlocked.Increment(ref _served);
        Places.AddOrUpdate(gateway.Name, 1, static (_, count) => count + 1);
        if (since is { } ended)
        {
            Gaps.Add(Stopwatch.GetElapsedTime(ended).TotalMilliseconds);
        }
    }

    private static DiscoveryRequest Ask(string[] services, string version, string nonce, Node? node) =>
        new() { TypeUrl = ResourceTypes.EndpointsUrl, VersionInfo = version, ResponseNonce = nonce, ResourceNames = { services }, Node = node };
}
