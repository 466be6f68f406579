using Mesh.Api;

namespace Mesh.Gateway.Rest;

/// <summary>Cuts pages out of what is ordered by key. A page begins after a key, not at a number, so that what comes and goes meanwhile neither
/// doubles an item nor hides one.</summary>
internal static class Pages
{
    public static Page<TItem> Cut<TSource, TItem>(
        IEnumerable<TSource> ordered, Func<TSource, string> key, string? after, int limit, Func<TSource, TItem> show)
    {
        var items = new List<TItem>();
        string? last = null;
        foreach (var source in ordered)
        {
            var name = key(source);
            if (after is not null && string.CompareOrdinal(name, after) <= 0)
            {
                continue;
            }

            if (items.Count == limit)
            {
                return new(items, Queries.Token(last!));
            }

            items.Add(show(source));
            last = name;
        }

        return new(items, null);
    }
}
