using Mesh.Core.Outliers;
using Mesh.Core.Verdicts.Statistics;

namespace Mesh.Core.Verdicts;

/// <summary>
/// Fading counts of all endpoints and of each, so that each one's peers are the difference. To let thousands fade at each report would cost more than all the
/// rest; instead what is new counts for more and more, and now and then all are brought down again.
/// </summary>
internal sealed class Peers(Func<Subject, Recollection> get, Action<Subject, Recollection> set)
{
    private const double TooMuch = 1e60;

    private Recollection _all;
    private double _unit = 1;

    /// <summary>Lets all that was counted fade to a share.</summary>
    public void Fade(double to, IEnumerable<Subject> subjects)
    {
        if (to < 1 / TooMuch)
        {
            BringDown(0, subjects);
            return;
        }

        _unit /= to;
        if (_unit > TooMuch)
        {
            BringDown(1 / _unit, subjects);
        }
    }

    public void Add(Subject subject, ObservationCounts seen)
    {
        var more = default(Recollection).With(seen.Succeeded, seen.Failed).Faded(_unit);
        _all = new(_all.Failed + more.Failed, _all.Requests + more.Requests);
        var own = get(subject);
        set(subject, new(own.Failed + more.Failed, own.Requests + more.Requests));
    }

    /// <summary>One endpoint's own.</summary>
    public Recollection Of(Subject subject) => get(subject).Faded(1 / _unit);

    /// <summary>All of its peers.</summary>
    public Recollection Without(Subject subject) => _all.Without(get(subject)).Faded(1 / _unit);

    /// <summary>Takes an endpoint's part out.</summary>
    public void Drop(Subject subject) => _all = _all.Without(get(subject));

    private void BringDown(double by, IEnumerable<Subject> subjects)
    {
        (_unit, _all) = (1, default);
        foreach (var subject in subjects)
        {
            var own = get(subject).Faded(by);
            set(subject, own);
            _all = new(_all.Failed + own.Failed, _all.Requests + own.Requests);
        }
    }
}
