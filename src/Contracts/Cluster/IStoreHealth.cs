namespace Mesh.Contracts;

/// <summary>
/// What is known of one store that this process depends on. Somebody looks at it in the background, at a bounded cost; whoever asks here gets the last finding at
/// once. So readiness, metrics and status never wait for a store that is away, and asking them often costs a store nothing.
/// </summary>
/// <remarks>Rejected: to ask the store when readiness is asked, which makes of each load balancer a load, and of a store that hangs a probe that hangs.</remarks>
public interface IStoreHealth
{
    /// <summary>The last finding. Never waits, never throws.</summary>
    StoreReport Current { get; }
}

/// <summary>What was last found of a store.</summary>
public sealed record StoreReport
{
    /// <summary>What it is, in one word as an operator knows it: <c>sqlite</c>, <c>redis</c>, <c>postgres</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it holds.</summary>
    public required StoreRole Role { get; init; }

    /// <summary>Whether it does its work, as far as is known.</summary>
    public required bool Healthy { get; init; }

    /// <summary>Since when it has been as <see cref="Healthy"/> says.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>What is wrong and what follows from it, for people; null while all is well. No connection string, nothing of an exception.</summary>
    public string? Detail { get; init; }

    /// <summary>The version of its schema, for people; null where it has none or it is not known.</summary>
    public string? Schema { get; init; }

    /// <summary>What an operator should change though it works, such as settings under which acknowledged writes could be lost; null for nothing.</summary>
    public string? Warning { get; init; }
}

/// <summary>What a store holds, and so what is missing while it is away.</summary>
public enum StoreRole
{
    /// <summary>The grains' states: while it is away nothing can be promised, so changes are refused; what runs goes on.</summary>
    State,

    /// <summary>Who belongs to the cluster: while it is away nobody can join, and nobody can be declared dead; what runs goes on.</summary>
    Membership,
}
