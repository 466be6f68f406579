using Envoy.Service.Discovery.V3;
using Google.Protobuf;

namespace Mesh.Proxy.Discovery;

/// <summary>
/// The last good configuration on disk, for a proxy that starts while the control plane is away: one discovery response for each type, each
/// after its length. It is a cache: a file that cannot be read counts as none, and what it says is replaced by the first answer.
/// </summary>
public static class StateFile
{
    private const int MostBytes = 64 * 1024 * 1024;

    /// <summary>All resources in force, as responses in the order in which they can be taken in again.</summary>
    public static IReadOnlyList<DiscoveryResponse> Of(AdsState state) =>
        [Response(state.Listeners), Response(state.Routes), Response(state.Clusters), Response(state.Endpoints)];

    /// <summary>Puts the file in place as a whole, or leaves the one that is there.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written.</exception>
    public static void Save(string path, IEnumerable<DiscoveryResponse> responses)
    {
        var next = path + ".next";
        using (var file = File.Create(next))
        {
            foreach (var response in responses)
            {
                response.WriteDelimitedTo(file);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>What the file says; empty when there is none, or none that can be read.</summary>
    public static IReadOnlyList<DiscoveryResponse> Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var responses = new List<DiscoveryResponse>();
            while (file.Length <= MostBytes && file.Position < file.Length)
            {
                responses.Add(DiscoveryResponse.Parser.ParseDelimitedFrom(file));
            }

            return responses;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException)
        {
            return [];
        }
    }

    private static DiscoveryResponse Response<TWire, TConfig>(ResourceSet<TWire, TConfig> set)
        where TWire : IMessage<TWire>, new()
        where TConfig : class =>
        new() { TypeUrl = set.TypeUrl, VersionInfo = set.Version, Resources = { set.Raw } };
}

/// <summary>Saves the configuration when it has changed, at most so often.</summary>
public sealed class StateSaver(string path, AdsClient ads, Model.ConfigStore store, TimeProvider time, ILogger<StateSaver> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Model.ProxyConfig? saved = null;
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var config = store.Current;
                if (!ReferenceEquals(config, saved) && config.Clusters.Count > 0)
                {
                    Save(await ads.Look(keeper => StateFile.Of(keeper.State)).WaitAsync(stoppingToken));
                    saved = config;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or System.Threading.Channels.ChannelClosedException)
        {
            // The proxy is stopping.
        }
    }

    private void Save(IReadOnlyList<DiscoveryResponse> responses)
    {
        try
        {
            StateFile.Save(path, responses);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The configuration cannot be saved in {Path}: {Why}", path, e.Message);
        }
    }
}
