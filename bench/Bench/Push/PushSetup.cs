using System.Text.Json.Serialization;
using Mesh.Bench.Push.Client;

namespace Mesh.Bench.Push;

/// <summary>What one run measures.</summary>
internal sealed record PushSetup
{
    public const string All = "all";

    [JsonIgnore]
    public string Silo { get; init; } = "";

    public int Streams { get; init; } = 1000;

    public bool Delta { get; init; }

    /// <summary>How many services each stream names; null for all there are.</summary>
    public int? Names { get; init; }

    /// <summary>Whether all streams name the same services, and only those change.</summary>
    public bool SameNames { get; init; }

    /// <summary>Whether a stream that wants all says so instead of naming them.</summary>
    public bool Wildcard { get; init; }

    public int Services { get; init; } = 100;

    public int Endpoints { get; init; } = 10;

    public int Changes { get; init; } = 40;

    /// <summary>Changes before those that count: the runtime compiles what turns out to be hot meanwhile.</summary>
    public int WarmUp { get; init; } = 60;

    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the control plane is watched with all streams connected and nothing to do.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(3);

    public string Variant => Delta ? "delta" : "sotw";

    public string Subscribed => Names is { } some && some < Services ? $"{some}" : All;

    public int NamesEach => Math.Min(Names ?? Services, Services);

    /// <summary>The services that change, in turn.</summary>
    public int Changing => SameNames ? NamesEach : Services;

    /// <summary>The first of the services that a stream names; the others follow it.</summary>
    public int FirstName(int stream) => SameNames ? 0 : (int)((long)stream * NamesEach % Services);

    public bool Wants(int stream, int service) => (service - FirstName(stream) + Services) % Services < NamesEach;

    public int Wanting(int service) => Enumerable.Range(0, Streams).Count(stream => Wants(stream, service));

    /// <summary>The clients. Those that name the same share what they send.</summary>
    public LoadStream[] Clients(IArrivals arrivals)
    {
        var shared = new Dictionary<int, Wanted>();
        return [.. Enumerable.Range(0, Streams).Select(stream => new LoadStream(stream, Of(FirstName(stream)), arrivals))];

        Wanted Of(int first) => shared.TryGetValue(first, out var known) ? known : shared[first] = new Wanted(
            Wildcard && NamesEach == Services ? ["*"] : [.. Enumerable.Range(0, NamesEach).Select(i => $"default/bench-{(first + i) % Services}")],
            NamesEach,
            Delta);
    }
}
