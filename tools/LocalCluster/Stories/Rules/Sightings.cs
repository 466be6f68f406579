using Mesh.Local.Stories.Stage;

namespace Mesh.Local.Stories.Rules;

/// <summary>
/// What the gateways showed, held against what must never be: a version that goes back, one version with two meanings (a verdict of each half of
/// a split mesh), and an endpoint that was taken out and is back.
/// </summary>
internal sealed class Sightings
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Gateway, string Service), Sighting> _newest = [];
    private readonly Dictionary<(string Service, string Version), Sighting> _meanings = [];
    private readonly Dictionary<string, (int Healthy, int Ejected, int Draining)> _bounds = [];
    private readonly List<string> _problems = [];

    /// <summary>How many were looked at.</summary>
    public int Count { get; private set; }

    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_gate)
            {
                return [.. _problems];
            }
        }
    }

    /// <summary>From now on this service never has more healthy endpoints, nor fewer that are out.</summary>
    public void Hold(string service, int healthy, int ejected, int draining)
    {
        lock (_gate)
        {
            _bounds[service] = (healthy, ejected, draining);
        }
    }

    public void See(Sighting seen)
    {
        lock (_gate)
        {
            Count++;
            var service = seen.Service;
            if (_newest.TryGetValue((seen.Gateway, service.Name), out var before) && before.Version.CompareTo(seen.Version) > 0)
            {
                _problems.Add(before.Life == seen.Life
                    ? $"{seen.Gateway} went back from version {before.Service.Version} of {service.Name} to {service.Version}."
                    : $"{seen.Gateway}, started again, shows version {service.Version} of {service.Name} after {before.Service.Version}.");
            }

            _newest[(seen.Gateway, service.Name)] = seen;
            if (_meanings.TryGetValue((service.Name, service.Version), out var other))
            {
                if (other.Service != service)
                {
                    _problems.Add($"version {service.Version} of {service.Name} is one thing at {other.Gateway} and another at {seen.Gateway}: {other.Service} and {service}.");
                }
            }
            else
            {
                _meanings[(service.Name, service.Version)] = seen;
            }

            if (_bounds.TryGetValue(service.Name, out var bound) &&
                (service.Healthy > bound.Healthy || service.Ejected < bound.Ejected || service.Draining < bound.Draining))
            {
                _problems.Add(
                    $"at {seen.Gateway} {service.Name} has {service.Healthy} healthy, {service.Ejected} ejected and {service.Draining} draining endpoints (version {service.Version}); " +
                    $"{bound.Healthy}, {bound.Ejected} and {bound.Draining} was the verdict.");
            }
        }
    }
}
