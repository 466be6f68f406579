namespace Mesh.Core;

/// <summary>Where an endpoint or a proxy runs. Empty text where unknown.</summary>
public sealed record Locality(string Region, string Zone, string SubZone)
{
    /// <summary>Nothing is known of the place.</summary>
    public static Locality Unknown { get; } = new("", "", "");
}
