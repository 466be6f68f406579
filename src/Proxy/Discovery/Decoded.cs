using System.Diagnostics.CodeAnalysis;

namespace Mesh.Proxy.Discovery;

/// <summary>A resource that was understood, or why it was not.</summary>
/// <param name="Name">The resource's name; empty when not even that could be read.</param>
/// <param name="Value">What it says; null when it was refused.</param>
/// <param name="Error">Which field is wrong and why; null when it was understood.</param>
internal sealed record Decoded<T>(string Name, T? Value, string? Error)
    where T : class
{
    /// <summary>Whether it was understood.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool Ok => Error is null;
}

/// <summary>A field of a resource cannot be acted on; the message names it and goes back to the control plane.</summary>
public sealed class RefusedResourceException(string message) : Exception(message);
