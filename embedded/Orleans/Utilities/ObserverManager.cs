using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Utilities;

/// <summary>The observers of one grain, known by their references.</summary>
public class ObserverManager<TObserver>(TimeSpan expiration, ILogger log) : ObserverManager<IAddressable, TObserver>(expiration, log);

/// <summary>Who is told of something. Whoever does not subscribe again in time, or fails, is forgotten. For use inside one grain.</summary>
public class ObserverManager<TIdentity, TObserver>
    where TIdentity : notnull
{
    private readonly ILogger _log;
    private Dictionary<TIdentity, (TObserver Observer, DateTime LastSeen)> _observers = [];

    public ObserverManager(TimeSpan expiration, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(log);
        ExpirationDuration = expiration;
        _log = log;
    }

    /// <summary>The clock.</summary>
    public Func<DateTime> GetDateTime { get; set; } = () => DateTime.UtcNow;

    public TimeSpan ExpirationDuration { get; set; }

    public int Count => _observers.Count;

    // Each change makes a new dictionary, so that whoever walks the old one while its turn awaits is not disturbed.
    public void Subscribe(TIdentity id, TObserver observer) => _observers = new(_observers) { [id] = (observer, GetDateTime()) };

    public void Unsubscribe(TIdentity id) => Remove([id]);

    public async Task Notify(Func<TObserver, Task> notification, Func<TObserver, bool>? predicate = null)
    {
        var defunct = Expired();
        foreach (var (id, (observer, _)) in Live(defunct, predicate))
        {
            try
            {
                await notification(observer);
            }
            catch (Exception exception)
            {
                Fail(id, exception, defunct);
            }
        }

        Remove(defunct);
    }

    public void ClearExpired() => Remove(Expired());

    private HashSet<TIdentity> Expired()
    {
        var now = GetDateTime();
        return [.. _observers.Where(pair => pair.Value.LastSeen + ExpirationDuration < now).Select(pair => pair.Key)];
    }

    private KeyValuePair<TIdentity, (TObserver Observer, DateTime LastSeen)>[] Live(HashSet<TIdentity> defunct, Func<TObserver, bool>? predicate) =>
        [.. _observers.Where(pair => !defunct.Contains(pair.Key) && predicate?.Invoke(pair.Value.Observer) != false)];

    private void Fail(TIdentity id, Exception exception, HashSet<TIdentity> defunct)
    {
        _log.LogDebug(exception, "The observer {Observer} failed and is forgotten.", id);
        defunct.Add(id);
    }

    private void Remove(HashSet<TIdentity> ids)
    {
        if (ids.Any(_observers.ContainsKey))
        {
            _observers = new(_observers.Where(pair => !ids.Contains(pair.Key)));
        }
    }
}
