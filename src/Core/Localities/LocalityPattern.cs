namespace Mesh.Core.Localities;

/// <summary>Localities as a document names them: <c>region/zone/subzone</c>, of which the end may be left out or be <c>*</c>, for any.</summary>
public static class LocalityPattern
{
    /// <summary>Whether a place is one of those that a pattern stands for.</summary>
    public static bool Matches(string pattern, Locality place)
    {
        var rest = pattern.AsSpan();
        foreach (var part in (ReadOnlySpan<string>)[place.Region, place.Zone, place.SubZone])
        {
            if (rest is "" or "*")
            {
                return true;
            }

            var slash = rest.IndexOf('/');
            if (!(slash < 0 ? rest : rest[..slash]).SequenceEqual(part))
            {
                return false;
            }

            rest = slash < 0 ? "" : rest[(slash + 1)..];
        }

        return true;
    }

    /// <summary><c>region/zone/subzone</c>, without an end that is not known.</summary>
    public static string Text(Locality place) => $"{place.Region}/{place.Zone}/{place.SubZone}".TrimEnd('/');
}
