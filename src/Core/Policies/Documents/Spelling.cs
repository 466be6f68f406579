namespace Mesh.Core.Policies.Documents;

/// <summary>Finds what somebody may have meant.</summary>
internal static class Spelling
{
    private const int LongestWord = 64;

    /// <summary>
    /// The candidate that is fewest edits away, letter case aside, the first by name of several; null when none is near (more than a third of it would
    /// have to change, or more than one letter of a short one). There must be a candidate.
    /// </summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        if (word.Length > LongestWord)
        {
            return null;
        }

        var best = candidates
            .Select(candidate => (Candidate: candidate, Edits: Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .OrderBy(c => c.Edits)
            .ThenBy(c => c.Candidate, StringComparer.Ordinal)
            .First();
        return best.Edits <= Math.Max(1, best.Candidate.Length / 3) ? best.Candidate : null;
    }

    /// <summary>Levenshtein's distance, one row at a time.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
