using System.Globalization;

namespace Mesh.Core.Verdicts;

/// <summary>Evidence in words, where a figure says little by itself.</summary>
internal static class EvidenceNote
{
    /// <summary>How strong the evidence is, and how strong it had to be.</summary>
    public static string Odds(double evidence, double needed) =>
        string.Create(CultureInfo.InvariantCulture, $"evidence of {evidence:0.#E+0} to 1, {needed:0.#E+0} suffice");
}
