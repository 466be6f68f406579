using System.Collections.Immutable;

namespace Mesh.Proxy.Model;

/// <summary>
/// The virtual hosts of one route configuration. A name is looked up as Envoy does: the exact name, then the longest <c>*.suffix</c>,
/// then the longest <c>prefix.*</c>, then <c>*</c>.
/// </summary>
public sealed class RouteTable
{
    private readonly Dictionary<string, VirtualHost> _exact = new(StringComparer.Ordinal);
    private readonly List<(string Text, VirtualHost Host)> _suffixes = [];
    private readonly List<(string Text, VirtualHost Host)> _prefixes = [];
    private readonly VirtualHost? _any;

    /// <summary>Indexes the hosts; of two with the same domain the first is kept.</summary>
    public RouteTable(string name, ImmutableArray<VirtualHost> hosts)
    {
        Name = name;
        Hosts = hosts;
        foreach (var host in hosts)
        {
            foreach (var domain in host.Domains)
            {
                if (domain == "*")
                {
                    _any ??= host;
                }
                else if (domain.StartsWith('*'))
                {
                    _suffixes.Add((domain[1..], host));
                }
                else if (domain.EndsWith('*'))
                {
                    _prefixes.Add((domain[..^1], host));
                }
                else
                {
                    _exact.TryAdd(domain, host);
                }
            }
        }

        _suffixes.Sort((a, b) => b.Text.Length - a.Text.Length);
        _prefixes.Sort((a, b) => b.Text.Length - a.Text.Length);
    }

    /// <summary>The resource's name.</summary>
    public string Name { get; }

    /// <summary>What it was made of.</summary>
    public ImmutableArray<VirtualHost> Hosts { get; }

    /// <summary>All clusters that some route leads to.</summary>
    public IEnumerable<string> Clusters => Hosts.SelectMany(h => h.Routes).SelectMany(r => r.Clusters).Select(c => c.Name);

    /// <summary>The route for a request; null when there is none.</summary>
    /// <param name="host">Lower case, without a port.</param>
    /// <param name="path">Beginning with a slash, without the query.</param>
    public RouteRule? Match(string host, string path)
    {
        if (Find(host) is { } found)
        {
            foreach (var route in found.Routes)
            {
                if (route.Matches(path))
                {
                    return route;
                }
            }
        }

        return null;
    }

    private VirtualHost? Find(string host)
    {
        if (_exact.TryGetValue(host, out var exact))
        {
            return exact;
        }

        foreach (var (text, found) in _suffixes)
        {
            if (host.Length > text.Length && host.EndsWith(text, StringComparison.Ordinal))
            {
                return found;
            }
        }

        foreach (var (text, found) in _prefixes)
        {
            if (host.Length > text.Length && host.StartsWith(text, StringComparison.Ordinal))
            {
                return found;
            }
        }

        return _any;
    }
}
