using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Grains.Tests.Checks;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests.Golden;

/// <summary>
/// Rows as a version of this program wrote them, in a file of their own: <c>Golden/rows-N.json</c>, by record name. A story fills a mesh so that
/// every kind of row has every field that it can have; the story is the same for all versions.
/// </summary>
internal static class GoldenRows
{
    public static readonly ServiceId Weighed = new("shop", "weighed");

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string PathOf(int format, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, $"rows-{format}.json");

    public static JsonObject Read(int format) => JsonNode.Parse(File.ReadAllText(PathOf(format)))!.AsObject();

    /// <summary>A storage with these rows, and the clock where the story left it.</summary>
    public static (FaultyStorage Storage, ManualTimeProvider Time) Load(JsonObject rows)
    {
        var memory = new InMemoryStorage();
        foreach (var (record, row) in rows.Where(pair => pair.Key != "at"))
        {
            memory.Put(record, row!.ToJsonString());
        }

        return (new FaultyStorage(memory), new ManualTimeProvider((DateTimeOffset)rows["at"]!));
    }

    /// <summary>All rows of a mesh.</summary>
    public static JsonObject Of(TestMesh mesh)
    {
        var rows = new JsonObject { ["at"] = mesh.Time.GetUtcNow() };
        foreach (var record in mesh.Storage.Inner.Records.Order(StringComparer.Ordinal))
        {
            rows[record] = JsonNode.Parse(mesh.Storage.Inner.Json(record));
        }

        return rows;
    }

    public static void Write(int format, JsonObject rows) => File.WriteAllText(PathOf(format), rows.ToJsonString(Indented) + "\n");

    /// <summary>
    /// Which fields the rows of each kind have, and of which types their values are, as far as there are any. Items of an array count as one; so do the
    /// values of a map by endpoint.
    /// </summary>
    public static SortedDictionary<string, ImmutableSortedSet<string>> Shape(JsonObject rows)
    {
        var shape = new SortedDictionary<string, ImmutableSortedSet<string>>(StringComparer.Ordinal);
        foreach (var (record, row) in rows.Where(pair => pair.Key != "at"))
        {
            var kind = record[..record.IndexOf('/', StringComparison.Ordinal)];
            Walk(kind.StartsWith("ledger", StringComparison.Ordinal) ? "ledger" : kind.StartsWith("reports-", StringComparison.Ordinal) ? "reports-row" : kind, row);
        }

        return shape;

        void Walk(string path, JsonNode? node)
        {
            var types = shape.GetValueOrDefault(path, ImmutableSortedSet<string>.Empty);
            shape[path] = node is null ? types : types.Add(node.GetValueKind() is JsonValueKind.False or JsonValueKind.True ? "Boolean" : node.GetValueKind().ToString());
            foreach (var (name, value) in node as JsonObject ?? [])
            {
                Walk($"{path}.{(path.EndsWith("AdaptiveFactors", StringComparison.Ordinal) ? "*" : name)}", value);
            }

            foreach (var item in node as JsonArray ?? [])
            {
                Walk(path + "[]", item);
            }
        }
    }

    public static void AssertSame(SortedDictionary<string, ImmutableSortedSet<string>> golden, SortedDictionary<string, ImmutableSortedSet<string>> now) => Assert.True(
        golden.Keys.SequenceEqual(now.Keys) && golden.All(field => field.Value.IsEmpty || now[field.Key].IsEmpty || field.Value.SetEquals(now[field.Key])),
        $"The rows' shape has changed. Gone: {string.Join(", ", golden.Keys.Except(now.Keys))}. New: {string.Join(", ", now.Keys.Except(golden.Keys))}. "
            + $"Of another type: {string.Join(", ", golden.Keys.Intersect(now.Keys).Where(path => !golden[path].SetEquals(now[path])))}. "
            + "See docs/adr/0025 for what a change must keep, then write the new golden file: MESH_GOLDEN=write.");

    /// <summary>The story.</summary>
    public static async Task<TestMesh> Story()
    {
        var mesh = await TestMesh.Start(settings: new GrainSettings { ReportArchiveFlush = TimeSpan.FromSeconds(5) }, checker: new FakeChecker());
        await mesh.RegisterMany(6);
        await mesh.Service().Register(new EndpointRegistration
        {
            Id = "full",
            Address = "10.0.0.9",
            Port = 9000,
            InstanceId = "i1",
            Lease = TimeSpan.FromHours(1),
            Weight = 3,
            Locality = new("eu", "eu-1", "a"),
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("version", "2"),
        }, "golden-full");
        await mesh.Register("gone", "i1");
        Assert.Empty((await PolicyTests.Policy(mesh, "one").Put(Rule("one", "cart"), null, dryRun: false, "golden-put")).Problems);
        await PolicyTests.Put(mesh, "two", "other", 50);
        await PolicyTests.Policy(mesh, "two").Delete(null, "golden-delete");
        Assert.Empty((await mesh.Grains.GetGrain<IPolicyGrain>("VirtualService/shop/split").Put(Split, null, dryRun: false)).Problems);
        await mesh.Service().Drain("e1", "golden-drain");
        await mesh.Service().Eject("e2", TimeSpan.FromHours(1), "a test", "golden-eject");
        await mesh.Seen(Seen("e3", 20, 0.02), Seen("e4", 20, 0.02), Seen("e0", 20, 0.02));
        await mesh.Seen(new EndpointObservation { EndpointId = "e3", Failed = 9, GatewayFailed = 4, TrailingFailures = 9, TrailingGatewayFailures = 4, Sources = [new("proxy-1", 6, new(6, 4, 0)), new("proxy-2", 3, new(3, 0, 0))] });
        await mesh.Seen(new EndpointObservation { EndpointId = "e4", Failed = 9, TrailingFailures = 9 });
        await mesh.Service().Deregister("gone", "i1", "golden-gone");
        await Eventually.True(() => Found(mesh, "reports", 5), "the archive has a row");
        await mesh.Service().Eject("e5", TimeSpan.FromSeconds(10), "to return", "golden-probe");
        mesh.Time.Advance(TimeSpan.FromSeconds(10));
        await mesh.Becomes("e5", HealthStatus.Probing);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(i => mesh.Service(Weighed).Register(TestMesh.Registration($"w{i}"))));
        Assert.Empty((await PolicyTests.Policy(mesh, "weighed").Put(Following, null, dryRun: false)).Problems);
        await Eventually.True(() => Unequal(mesh), "weights are written down");
        await Eventually.True(() => Task.FromResult(mesh.Storage.Inner.Records.Any(record => record.StartsWith("ledger-notes", StringComparison.Ordinal))), "notes are in the ledger");
        await Eventually.True(() => OnTrial(mesh, "e3", "e4"), "those that were ejected on evidence are on trial");
        return mesh;
    }

    private static async Task<bool> OnTrial(TestMesh mesh, params string[] ids)
    {
        foreach (var id in ids)
        {
            if (await mesh.Status(id) != HealthStatus.Probing)
            {
                mesh.Time.Advance(TimeSpan.FromSeconds(1));
                return false;
            }
        }

        return true;
    }

    private static async Task<bool> Found(TestMesh mesh, string state, int seconds)
    {
        mesh.Time.Advance(TimeSpan.FromSeconds(seconds));
        await mesh.Snapshot();
        return mesh.Storage.Inner.Records.Any(record => record.StartsWith(state + "-", StringComparison.Ordinal));
    }

    private static async Task<bool> Unequal(TestMesh mesh)
    {
        await mesh.Service(Weighed).Report(new ServiceReport
        {
            Service = Weighed,
            Reporter = "test",
            Observations = [Seen("w0", 200, 0.01), Seen("w1", 200, 0.01), Seen("w2", 200, 0.06)],
        });
        mesh.Time.Advance(TimeSpan.FromSeconds(1));
        await mesh.Service(Weighed).GetSnapshot();
        return mesh.Storage.Inner.Json($"service/service/{Weighed}").Contains("\"w2\":", StringComparison.Ordinal);
    }

    private static EndpointObservation Seen(string id, int succeeded, double seconds) => new()
    {
        EndpointId = id,
        Succeeded = succeeded,
        Latency = LatencySketch.Of(Enumerable.Repeat(seconds, succeeded)),
        InFlightSeconds = seconds * succeeded,
    };

    private static string Rule(string name, string host) => $$"""
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "DestinationRule",
          "metadata": { "name": "{{name}}", "namespace": "shop" },
          "spec": { "host": "{{host}}", "trafficPolicy": {
            "outlierDetection": { "consecutive5xxErrors": 4, "interval": "10s", "maxEjectionPercent": 50 },
            "healthCheck": { "httpHealthCheck": { "path": "/healthz" }, "interval": "10s" },
            "loadBalancer": { "simple": "LEAST_REQUEST", "warmup": { "duration": "30s" } } } }
        }
        """;

    private static string Split => """
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "VirtualService",
          "metadata": { "name": "split", "namespace": "shop" },
          "spec": { "hosts": ["cart"], "http": [{ "route": [
            { "destination": { "host": "cart" }, "weight": 90 }, { "destination": { "host": "canary" }, "weight": 10 }] }] }
        }
        """;

    private static string Following => """
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "DestinationRule",
          "metadata": { "name": "weighed", "namespace": "shop" },
          "spec": { "host": "weighed", "trafficPolicy": { "loadBalancer": { "simple": "LEAST_REQUEST", "adaptiveWeights": {} } } }
        }
        """;
}
