namespace Mesh.Silo.Stores;

/// <summary>
/// Whether a Redis keeps what it has acknowledged, by its settings. Redis answers a write from memory; that it is on a disk by then, and stays, is a matter of three
/// settings, of which none is Redis' default.
/// </summary>
internal static class RedisDurability
{
    /// <summary>What an operator should change, or null. A setting that could not be read is not held against it.</summary>
    /// <param name="settings">By name, as CONFIG GET has them.</param>
    public static string? Warning(IReadOnlyDictionary<string, string> settings)
    {
        var wrong = new List<string>();
        if (settings.TryGetValue("appendonly", out var appendonly) && appendonly != "yes")
        {
            wrong.Add("appendonly yes (what was acknowledged since the last snapshot is lost with the process)");
        }
        else if (settings.TryGetValue("appendfsync", out var appendfsync) && appendfsync != "always")
        {
            wrong.Add($"appendfsync always (with {appendfsync} up to {(appendfsync == "no" ? "half a minute" : "a second")} of what was acknowledged is lost with the machine)");
        }

        if (settings.TryGetValue("maxmemory-policy", out var policy) && policy != "noeviction")
        {
            wrong.Add($"maxmemory-policy noeviction (with {policy} it forgets registrations when memory is short)");
        }

        return wrong.Count == 0 ? null : $"Acknowledged writes can be lost. Set {string.Join("; ", wrong)}.";
    }
}
