using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Mesh.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Grains.Cluster;

/// <summary>A cluster of one silo, as the Embedded edition is.</summary>
/// <param name="name">What the silo is called.</param>
/// <param name="facts">What it says of itself.</param>
public sealed class OneMember(string name, ISiloFacts facts) : IClusterMembers
{
    private readonly DateTimeOffset _started = Started();

    /// <inheritdoc/>
    public string Me => string.Create(CultureInfo.InvariantCulture, $"{name}@{_started.ToUnixTimeSeconds()}");

    /// <inheritdoc/>
    public ImmutableArray<SiloMember> Members => [new(Me, name, facts.State, _started)];

    /// <summary>Made for a host that has no other.</summary>
    internal static OneMember Of(IServiceProvider services) => new(Environment.MachineName.ToLowerInvariant(), services.GetRequiredService<ISiloFacts>());

    private static DateTimeOffset Started()
    {
        using var me = Process.GetCurrentProcess();
        return me.StartTime;
    }
}
