using Mesh.Contracts;
using Mesh.Silo.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>What is known of a store is found in the background.</summary>
public sealed class BackgroundProbeTests
{
    [Fact]
    public async Task A_store_that_fails_is_away_until_it_works_again()
    {
        using var probe = new Probe();
        await probe.StartAsync(CancellationToken.None);
        await Eventually.True(() => probe.Looks > 0);
        Assert.True(probe.Current.Healthy);
        var since = probe.Current.Since;

        probe.Works = false;
        probe.Suspect();
        await Eventually.True(() => !probe.Current.Healthy);
        Assert.Equal(("It is broken.", StoreRole.State, "kettle"), (probe.Current.Detail, probe.Current.Role, probe.Current.Name));
        Assert.True(probe.Current.Since > since);

        probe.Works = true;
        await Eventually.True(() => probe.Current.Healthy);
        Assert.Null(probe.Current.Detail);
        Assert.Equal(1, probe.Recoveries);
        await probe.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_warning_is_shown_while_all_is_well()
    {
        using var probe = new Probe { Warning = "It drips." };
        await probe.StartAsync(CancellationToken.None);
        await Eventually.True(() => probe.Current is { Healthy: true, Warning: "It drips." });
        await probe.StopAsync(CancellationToken.None);
    }

    private sealed class Probe() : BackgroundProbe("kettle", StoreRole.State, "No tea.", TimeProvider.System, NullLogger.Instance)
    {
        public volatile bool Works = true;

        public volatile int Looks;

        public int Recoveries { get; private set; }

        public string? Warning { get; init; }

        protected override Task<string?> Try(CancellationToken cancel)
        {
            Looks++;
            return Works ? Task.FromResult(Warning) : throw new InvalidOperationException("secret");
        }

        protected override string Explain(Exception failure) => "It is broken.";

        protected override Task Recovered(CancellationToken cancel)
        {
            Recoveries++;
            return Task.CompletedTask;
        }
    }
}
