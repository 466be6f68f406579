using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>Values that travel with a chain of calls, downwards only: what a callee sets is not seen by its caller.</summary>
public static class RequestContext
{
    private static readonly AsyncLocal<ImmutableDictionary<string, object>?> Values = new();

    public static IEnumerable<string> Keys => Current.Keys;

    public static IEnumerable<KeyValuePair<string, object>> Entries => Current;

    private static ImmutableDictionary<string, object> Current => Values.Value ?? ImmutableDictionary<string, object>.Empty;

    public static object? Get(string key) => Current.GetValueOrDefault(key);

    public static void Set(string key, object value) => Values.Value = Current.SetItem(key, value);

    public static bool Remove(string key)
    {
        var held = Current.ContainsKey(key);
        Values.Value = Current.Remove(key);
        return held;
    }

    public static void Clear() => Values.Value = null;
}
