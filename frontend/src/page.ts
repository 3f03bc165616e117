// What a page does better with a script. Every page works without it; nothing here decides or stores.
import { upgradeDialogs } from "./dialogs";
import { tellMoments } from "./moments";
import { preventDoubleSubmit, offerCopying, offerPrinting, offerReveal, closeMenuOnChoice } from "./comforts";
import { keepPhoneLive } from "./phone";
import { switchThemeInPlace } from "./theme";
import { followWaiting } from "./waiting";

upgradeDialogs(document);
tellMoments(document);
offerCopying(document);
offerPrinting(document);
offerReveal(document);
closeMenuOnChoice(document);
switchThemeInPlace(document);
keepPhoneLive(document);
preventDoubleSubmit(document);
followWaiting(document);
