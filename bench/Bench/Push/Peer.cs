namespace Mesh.Bench.Push;

/// <summary>
/// What go-control-plane's linear cache needs for the same: two shared cores, clients included, 100 services of 10 endpoints, a change every 500 ms.
/// </summary>
/// <param name="Delta">In which variant; null for both.</param>
/// <param name="Streams">With how many streams.</param>
/// <param name="Names">How many of the services each stream names.</param>
/// <param name="Median">Milliseconds to the arrival of an update.</param>
/// <param name="P99">The same, 99th percentile.</param>
/// <param name="Cpu">The server's microseconds for each update; null where it was not measured.</param>
/// <param name="Megabytes">What the server holds; null where it was not measured.</param>
internal sealed record Peer(bool? Delta, int Streams, int Names, double Median, double P99, double? Cpu = null, double? Megabytes = null)
{
    public const string Name = "go-control-plane";

    /// <summary>What Kestrel alone needs to write 700 bytes to one of 1,000 open responses, in microseconds: the middle of what was measured.</summary>
    public const double KestrelFloor = 25;

    private const int Services = 100;

    private static readonly Peer[] All =
    [
        new(false, 1000, 100, 28, 56, 105, 288),
        new(false, 5000, 100, 234, 639, 127, 1363),
        new(true, 1000, 100, 38, 86, 108, 323),
        new(true, 5000, 100, 188, 762, 113, 1476),
        new(null, 1000, 10, 4, 8),
    ];

    /// <summary>Who did the same; null when nobody did.</summary>
    public static Peer? Of(PushSetup setup) => setup is { Services: Services, Endpoints: 10, SameNames: false, Every.TotalMilliseconds: 500 }
        ? Array.Find(All, peer => (peer.Delta ?? setup.Delta) == setup.Delta && peer.Streams == setup.Streams && peer.Names == setup.NamesEach)
        : null;
}
