namespace Mesh.Grains.Services;

/// <summary>Reasons as people give them.</summary>
internal static class Reasons
{
    private const int Longest = 200;

    /// <summary>At most 200 characters of it.</summary>
    public static string ByHand(string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? "by hand" : $"by hand: {(reason.Length > Longest ? reason[..Longest] : reason)}";
}
