using System.Globalization;
using Mesh.Local.Processes;

namespace Mesh.Local.Network;

/// <summary>
/// A network namespace for each silo, all on one bridge to this machine. Cutting a line is then what it is in a data centre: nothing arrives, and
/// nobody is told. Needs root and iproute2.
/// </summary>
public sealed class TrialNetwork : IAsyncDisposable
{
    private readonly string _name;
    private readonly string _prefix;
    private readonly int _count;

    /// <param name="count">How many namespaces.</param>
    public TrialNetwork(int count)
    {
        _count = count;
        // Names of links have at most fifteen letters, and several trials may run at a time.
        _name = string.Create(CultureInfo.InvariantCulture, $"mesh{System.Environment.ProcessId % 100000}");
        _prefix = string.Create(CultureInfo.InvariantCulture, $"10.{200 + (System.Environment.ProcessId % 50)}.{System.Environment.ProcessId / 50 % 250}");
    }

    /// <summary>This machine's address on the bridge.</summary>
    public string Host => $"{_prefix}.1";

    /// <summary>Why there can be no such network here; null when there can.</summary>
    public static async Task<string?> Trouble()
    {
        if (!Machine.IsRoot || Machine.Find("ip") is null)
        {
            return "Network namespaces need root and iproute2.";
        }

        var name = $"meshtry{System.Environment.ProcessId % 10000}";
        var (code, said) = await Tool.Try(Launch.Default, "ip", "netns", "add", name);
        if (code != 0)
        {
            return $"Network namespaces cannot be made here: {said.Trim()}";
        }

        (code, said) = await Tool.Try(Launch.Default, "ip", "link", "add", name, "type", "bridge");
        await Tool.Try(Launch.Default, "ip", "link", "del", name);
        await Tool.Try(Launch.Default, "ip", "netns", "del", name);
        return code == 0 ? null : $"Bridges cannot be made here: {said.Trim()}";
    }

    public string AddressOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}.{10 + number}");

    public string NamespaceOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{_name}n{number}");

    public async Task Start()
    {
        await Ip("link", "add", _name, "type", "bridge");
        await Ip("addr", "add", $"{Host}/24", "dev", _name);
        await Ip("link", "set", _name, "up");
        for (var number = 0; number < _count; number++)
        {
            var (space, outer) = (NamespaceOf(number), OuterOf(number));
            await Ip("netns", "add", space);
            await Ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", space);
            await Ip("link", "set", outer, "master", _name, "up");
            await Ip("-n", space, "addr", "add", $"{AddressOf(number)}/24", "dev", "eth0");
            await Ip("-n", space, "link", "set", "lo", "up");
            await Ip("-n", space, "link", "set", "eth0", "up");
        }
    }

    /// <summary>Pulls the plug of one: it reaches nobody, nor its stores.</summary>
    public Task Cut(int number) => Ip("link", "set", OuterOf(number), "down");

    /// <summary>Puts the plug back.</summary>
    public Task Join(int number) => Ip("link", "set", OuterOf(number), "up");

    /// <summary>Cuts the line between two, who still reach everyone else and the stores.</summary>
    public async Task Part(int one, int other)
    {
        await Ip("-n", NamespaceOf(one), "route", "add", "blackhole", $"{AddressOf(other)}/32");
        await Ip("-n", NamespaceOf(other), "route", "add", "blackhole", $"{AddressOf(one)}/32");
    }

    /// <summary>Mends the line between two.</summary>
    public async Task Mend(int one, int other)
    {
        await Ip("-n", NamespaceOf(one), "route", "del", "blackhole", $"{AddressOf(other)}/32");
        await Ip("-n", NamespaceOf(other), "route", "del", "blackhole", $"{AddressOf(one)}/32");
    }

    public async ValueTask DisposeAsync()
    {
        for (var number = 0; number < _count; number++)
        {
            await Tool.Try(Launch.Default, "ip", "netns", "del", NamespaceOf(number));
        }

        await Tool.Try(Launch.Default, "ip", "link", "del", _name);
    }

    private string OuterOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{_name}v{number}");

    private static Task<string> Ip(params string[] arguments) => Tool.Run("ip", arguments);
}
